// Tells a coroutine that something has changed.
//
// NotifyOne() wakes the oldest waiter, or is remembered (once) for the next one, so that "change,
// NotifyOne" against "look, Wait" loses nothing. NotifyAll() wakes those who wait now.
//
// Thread class: thread-safe. Must outlive its waiters.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "server/runtime/wait_queue.h"

namespace duet::runtime {

class Notify {
 public:
  class [[nodiscard]] WaitForIt final : public WaitAwaiter<WaitForIt> {
   public:
    WaitForIt(Notify* notify, CancelToken token)
        : WaitAwaiter(&notify->mutex_, &notify->waiters_, std::move(token)), notify_(notify) {}
    bool await_resume() {
      EndWait();
      return outcome() == WaitOutcome::kGranted;
    }

   private:
    friend class WaitAwaiter<WaitForIt>;
    bool TryLocked() {
      notify_->mutex_.AssertHeld();
      if (!notify_->remembered_) return false;
      notify_->remembered_ = false;
      WaitQueue::Settle(this, WaitOutcome::kGranted);
      return true;
    }

    Notify* const notify_;
  };

  // co_await: true when notified, false if the token was cancelled first. Resumes on the worker
  // that awaits.
  WaitForIt Wait(CancelToken token = {}) { return WaitForIt(this, std::move(token)); }

  void NotifyOne() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    if (waiters_.empty()) {
      remembered_ = true;
    } else {
      waiters_.Finish(waiters_.front(), WaitOutcome::kGranted);
    }
  }
  void NotifyAll() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    waiters_.FinishAll(WaitOutcome::kGranted);
  }

 private:
  absl::Mutex mutex_;  // held for a few instructions only
  bool remembered_ ABSL_GUARDED_BY(mutex_) = false;
  WaitQueue waiters_;  // guarded by mutex_ (passed by address, which the analysis cannot follow)
};

}  // namespace duet::runtime
