// Owns the coroutines of the gRPC door.
//
// Unlike runtime::TaskGroup, which posts a task to a worker, it starts a task on the thread that
// spawns it: a slot that opens a further slot does so on the queue thread, and no I/O worker is
// woken for a call.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

#include "server/base/check.h"
#include "server/runtime/completion.h"
#include "server/runtime/task.h"

namespace duet::rpc {

// Thread-safe.
class CallTasks {
 public:
  CallTasks() = default;
  // REQUIRES: no task runs: it was joined.
  ~CallTasks() { DUET_CHECK(size() == 0, "the gRPC door died before its calls"); }
  CallTasks(const CallTasks&) = delete;
  CallTasks& operator=(const CallTasks&) = delete;

  // Runs `task` on this thread until it first suspends. A task may spawn further ones.
  void Spawn(runtime::Task<> task) {
    auto owned = std::make_unique<Member>(*this, std::move(task));
    Member* const member = owned.get();
    {
      absl::MutexLock lock(&mutex_);
      ++running_;
      members_.emplace(member, std::move(owned));
    }
    member->Start();
  }

  // Waits until no task runs. Not on a thread that the tasks need.
  void JoinBlocking() const {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](const size_t* running) { return *running == 0; }, &running_));
  }
  size_t size() const {
    absl::MutexLock lock(&mutex_);
    return running_;
  }

 private:
  class Member final : public runtime::Completion {
   public:
    Member(CallTasks& owner, runtime::Task<> task) : owner_(owner), task_(std::move(task)) {}
    void Start() { task_.Start(this); }
    void Complete(bool) override { owner_.OnTaskDone(this); }

   private:
    CallTasks& owner_;
    runtime::Task<> task_;
  };

  void OnTaskDone(Member* member) {
    std::unique_ptr<Member> ended;
    {
      absl::MutexLock lock(&mutex_);
      const auto found = members_.find(member);
      ended = std::move(found->second);
      members_.erase(found);
    }
    ended.reset();  // frees the coroutine's frame, before the join sees its end
    absl::MutexLock lock(&mutex_);
    --running_;
  }

  mutable absl::Mutex mutex_;  // held for a few instructions only
  size_t running_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<Member*, std::unique_ptr<Member>> members_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace duet::rpc
