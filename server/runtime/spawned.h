// A task that has no caller: what a JoinHandle or a TaskGroup holds. Posting it starts the task on
// the worker; OnDone() follows on the worker that the task ended on.
#pragma once

#include <utility>

#include "server/runtime/completion.h"
#include "server/runtime/task.h"

namespace duet::runtime::internal {

template <typename T>
class Spawned : public Completion {
 public:
  explicit Spawned(Task<T> task) : task_(std::move(task)) {}

  // First from the post queue, then from the task's end.
  void Complete(bool) final {
    if (!started_) {
      started_ = true;
      task_.Start(this);
    } else {
      OnDone();
    }
  }

 protected:
  ~Spawned() override = default;
  // May destroy *this.
  virtual void OnDone() = 0;

  Task<T> task_;

 private:
  bool started_ = false;
};

}  // namespace duet::runtime::internal
