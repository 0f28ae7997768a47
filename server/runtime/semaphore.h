// A counting semaphore for coroutines, first come first served.
//
// Thread class: thread-safe. Must outlive its waiters.
#pragma once

#include <cstddef>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "server/runtime/wait_queue.h"

namespace duet::runtime {

class Semaphore {
 public:
  explicit Semaphore(size_t permits) : permits_(permits) {}

  class [[nodiscard]] AcquireAwaiter final : public WaitAwaiter<AcquireAwaiter> {
   public:
    AcquireAwaiter(Semaphore* semaphore, size_t n, CancelToken token)
        : WaitAwaiter(&semaphore->mutex_, &semaphore->waiters_, std::move(token)),
          semaphore_(semaphore),
          n_(n) {}
    bool await_resume() {
      EndWait();
      const bool granted = outcome() == WaitOutcome::kGranted;
      // Those behind it may want fewer permits than it did.
      if (!granted) semaphore_->Release(0);
      return granted;
    }

   private:
    friend class Semaphore;
    friend class WaitAwaiter<AcquireAwaiter>;
    bool TryLocked() {
      semaphore_->mutex_.AssertHeld();
      if (!semaphore_->TryTakeLocked(n_)) return false;
      WaitQueue::Settle(this, WaitOutcome::kGranted);
      return true;
    }

    Semaphore* const semaphore_;
    const size_t n_;
  };

  // co_await: true with n permits taken; false if the token was cancelled first (none taken).
  // Resumes on the worker that awaits.
  AcquireAwaiter Acquire(size_t n = 1, CancelToken token = {}) {
    return AcquireAwaiter(this, n, std::move(token));
  }
  // Takes n permits if they are there and nobody waits for them.
  bool TryAcquire(size_t n = 1) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return TryTakeLocked(n);
  }
  void Release(size_t n = 1) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    permits_ += n;
    while (!waiters_.empty()) {
      auto* first = static_cast<AcquireAwaiter*>(waiters_.front());
      if (first->n_ > permits_) break;
      permits_ -= first->n_;
      waiters_.Finish(first, WaitOutcome::kGranted);
    }
  }
  size_t permits() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return permits_;
  }

 private:
  bool TryTakeLocked(size_t n) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!waiters_.empty() || permits_ < n) return false;
    permits_ -= n;
    return true;
  }

  mutable absl::Mutex mutex_;  // held for a few instructions only
  size_t permits_ ABSL_GUARDED_BY(mutex_);
  WaitQueue waiters_;  // guarded by mutex_ (passed by address, which the analysis cannot follow)
};

}  // namespace duet::runtime
