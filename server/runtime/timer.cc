// A sleep's life: (posted to the worker, then) armed there: its node in the heap, its cancel
// callback registered. It ends once, on the worker, either by its timer or by the completion that a
// cancellation posted. If both happen the timer steps back, so that nothing is destroyed while the
// post is under way.
#include "server/runtime/timer.h"

#include "server/base/check.h"

namespace duet::runtime {

void SleepAwaiter::await_suspend(std::coroutine_handle<> handle) {
  BindTo(handle, &worker_);
  if (worker_.RunsOnThisThread()) {
    Arm();
  } else {
    worker_.PostFromAnyThread(this);
  }
}

void SleepAwaiter::Arm() {
  armed_ = true;
  worker_.AddTimer(this, deadline_ns_);
  if (token_.can_be_cancelled()) callback_.emplace(token_, OnCancel{this});
}

void SleepAwaiter::OnCancel::operator()() const {
  if (!self->cancel_posted_.exchange(true)) self->worker_.Post(self);
}

void SleepAwaiter::OnTimer() {
  // After this no callback runs any more; either it has posted or it never will.
  callback_.reset();
  elapsed_ = true;
  if (!cancel_posted_.load()) Waiter::Complete(true);
}

void SleepAwaiter::Complete(bool) {
  if (!armed_) {
    Arm();
    return;
  }
  callback_.reset();
  worker_.CancelTimer(this);  // unless it fired in between: then it has elapsed
  Waiter::Complete(true);
}

}  // namespace duet::runtime
