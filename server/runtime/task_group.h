// Owns tasks that give no result (connections, calls, background work): spawn them, cancel them
// together, and wait for all of them before the group dies.
//
// Thread class: thread-safe.
#pragma once

#include <cstddef>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "server/runtime/cancel.h"
#include "server/runtime/gate.h"
#include "server/runtime/task.h"
#include "server/runtime/wait_queue.h"

namespace duet::runtime {

class Runtime;
class Worker;

class TaskGroup {
 public:
  // `runtime` must outlive it.
  explicit TaskGroup(Runtime& runtime) : runtime_(runtime) {}
  // REQUIRES: no task runs: it was joined.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts a task as Runtime::Spawn() does. False, and the task is dropped, if the runtime is
  // shutting down. A task may spawn further ones into its own group.
  bool Spawn(Task<> task);
  bool SpawnOn(Worker& worker, Task<> task);

  // For the tasks: pass it to what they await.
  CancelToken token() const { return cancel_.token(); }
  // Cancels the token; the tasks end by themselves.
  void Cancel() { cancel_.Cancel(); }
  size_t size() const ABSL_LOCKS_EXCLUDED(mutex_);

  class [[nodiscard]] JoinAwaiter final : public WaitAwaiter<JoinAwaiter> {
   public:
    JoinAwaiter(TaskGroup* group, CancelToken token)
        : WaitAwaiter(&group->mutex_, &group->waiters_, std::move(token)), group_(group) {}
    bool await_resume() {
      EndWait();
      return outcome() == WaitOutcome::kGranted;
    }

   private:
    friend class WaitAwaiter<JoinAwaiter>;
    bool TryLocked() {
      group_->mutex_.AssertHeld();
      if (group_->running_ != 0) return false;
      WaitQueue::Settle(this, WaitOutcome::kGranted);
      return true;
    }
    TaskGroup* const group_;
  };

  // co_await: true when no task runs any more; false if `token` was cancelled first. Resumes on
  // the worker that awaits. A task must not join its own group.
  JoinAwaiter Join(CancelToken token = {}) { return JoinAwaiter(this, std::move(token)); }
  // The same for threads that are not the runtime's. False: tasks still run after `limit`.
  bool JoinBlocking(absl::Duration limit = absl::InfiniteDuration()) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  class Member;
  void OnTaskDone() ABSL_LOCKS_EXCLUDED(mutex_);

  Runtime& runtime_;
  CancelSource cancel_;
  mutable absl::Mutex mutex_;  // held for a few instructions only
  size_t running_ ABSL_GUARDED_BY(mutex_) = 0;
  WaitQueue waiters_;  // guarded by mutex_ (passed by address, which the analysis cannot follow)
};

}  // namespace duet::runtime
