// Coroutines that wait their turn at a channel, semaphore, notify or gate, first come first served,
// each with an optional CancelToken.
//
// The owner has a mutex; every method that REQUIRES it is called under it. Protocol of a wait
// (WaitAwaiter follows it): register the cancel callback, lock, look whether to wait at all, link,
// unlock, and touch nothing any more, since the coroutine may by then run on another thread.
//
// Thread class: guarded by the owner's mutex.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "absl/synchronization/mutex.h"

#include "server/runtime/cancel.h"
#include "server/runtime/waiter.h"

namespace duet::runtime {

enum class WaitOutcome { kWaiting, kGranted, kClosed, kCancelled };

class WaitNode : public Waiter {
 public:
  WaitOutcome outcome() const { return outcome_; }

 protected:
  ~WaitNode() override = default;

 private:
  friend class WaitQueue;
  WaitNode* previous_ = nullptr;
  WaitNode* next_ = nullptr;
  bool linked_ = false;
  WaitOutcome outcome_ = WaitOutcome::kWaiting;
};

class WaitQueue {
 public:
  bool empty() const { return head_ == nullptr; }
  WaitNode* front() const { return head_; }

  void PushBack(WaitNode* node);
  // Takes the node out, sets its outcome and wakes its coroutine.
  void Finish(WaitNode* node, WaitOutcome outcome);
  // Finishes all.
  void FinishAll(WaitOutcome outcome);
  // For a cancel callback: finishes the node if it waits here; if it does not wait yet, marks it so
  // that it will not; if it has been finished before, does nothing.
  void Cancel(WaitNode* node);
  // Gives an outcome to a node that need not wait.
  static void Settle(WaitNode* node, WaitOutcome outcome) { node->outcome_ = outcome; }

 private:
  WaitNode* head_ = nullptr;
  WaitNode* tail_ = nullptr;
};

// Base of an awaiter: Derived::TryLocked() decides under the mutex whether it need not wait (it
// then calls Settle()), and the queue it waits in otherwise.
template <typename Derived>
class WaitAwaiter : public WaitNode {
 public:
  WaitAwaiter(absl::Mutex* mutex, WaitQueue* queue, CancelToken token)
      : mutex_(mutex), queue_(queue), token_(std::move(token)) {}

  bool await_ready() { return false; }

  bool await_suspend(std::coroutine_handle<> handle) {
    Bind(handle);
    if (token_.can_be_cancelled()) callback_.emplace(token_, OnCancel{this});
    absl::MutexLock lock(mutex_);
    // What is there is taken even by a cancelled waiter: it would be lost otherwise.
    if (static_cast<Derived*>(this)->TryLocked()) return false;
    if (outcome() == WaitOutcome::kCancelled) return false;
    queue_->PushBack(this);
    suspended_ = true;
    return true;
  }

 protected:
  ~WaitAwaiter() override = default;
  // To be called first in await_resume(): after it, no callback can touch this, and whoever ended
  // the wait has left the mutex, so the coroutine may destroy its owner (a joined group, a drained
  // gate).
  void EndWait() {
    callback_.reset();
    if (suspended_) absl::MutexLock lock(mutex_);
  }

 private:
  struct OnCancel {
    WaitAwaiter* self;
    void operator()() const {
      absl::MutexLock lock(self->mutex_);
      self->queue_->Cancel(self);
    }
  };

  absl::Mutex* const mutex_;
  WaitQueue* const queue_;
  const CancelToken token_;
  bool suspended_ = false;
  std::optional<CancelCallback<OnCancel>> callback_;
};

}  // namespace duet::runtime
