// A suspended coroutine and the worker that it shall go on on: the one it suspended on.
//
// Thread class: Bind() runs on the suspending thread; Wake() may run on any other, once. The
// coroutine may be resumed, and the waiter be gone, before Wake() returns.
#pragma once

#include <coroutine>

#include "server/runtime/completion.h"

namespace duet::runtime {

class Waiter : public Completion {
 public:
  // Remembers the coroutine and the executor of this thread. A coroutine that runs on a thread
  // draining another queue (gRPC's) goes on on that thread's home worker (queue_threads.h).
  // REQUIRES: called on a worker or a queue thread.
  void Bind(std::coroutine_handle<> handle);
  void BindTo(std::coroutine_handle<> handle, Executor* executor) {
    handle_ = handle;
    executor_ = executor;
  }
  // Posts the coroutine to its executor.
  void Wake() { executor_->Post(this); }
  // Resumes the coroutine here. Called by its executor.
  void Complete(bool ok) override;

  Executor* executor() const { return executor_; }

 protected:
  ~Waiter() override = default;

 private:
  std::coroutine_handle<> handle_;
  Executor* executor_ = nullptr;
};

namespace internal {
// The executor of this thread, null on threads that are not the runtime's. For waiter.cc, worker.cc
// and queue_threads.cc; nothing else asks.
Executor* CurrentExecutor();
void SetCurrentExecutor(Executor* executor);
}  // namespace internal

}  // namespace duet::runtime
