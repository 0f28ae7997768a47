// Waiting for time to pass. Time is the runtime's Clock, so tests turn it (Worker::Poke()).
// Resolution is one millisecond; a timer never fires early.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

#include "server/runtime/cancel.h"
#include "server/runtime/timer_heap.h"
#include "server/runtime/waiter.h"
#include "server/runtime/worker.h"

namespace duet::runtime {

// A moment of the monotonic clock. Thread-compatible value.
class Deadline {
 public:
  static Deadline Never() { return Deadline(std::numeric_limits<int64_t>::max()); }
  static Deadline After(const Clock& clock, std::chrono::nanoseconds delay) {
    return Deadline(clock.MonotonicNs() + delay.count());
  }
  explicit Deadline(int64_t at_ns) : at_ns_(at_ns) {}

  int64_t at_ns() const { return at_ns_; }
  bool never() const { return at_ns_ == std::numeric_limits<int64_t>::max(); }
  bool Expired(const Clock& clock) const { return !never() && clock.MonotonicNs() >= at_ns_; }
  // Not below zero.
  std::chrono::nanoseconds Left(const Clock& clock) const {
    if (never()) return std::chrono::nanoseconds::max();
    const int64_t left_ns = at_ns_ - clock.MonotonicNs();
    return std::chrono::nanoseconds(left_ns > 0 ? left_ns : 0);
  }

 private:
  int64_t at_ns_;
};

// Calls a function on its worker after a delay. Its owner destroys it on that worker (or after the
// worker has stopped), which cancels it.
// Thread class: worker-bound.
class Timer final : private TimerNode {
 public:
  // `callback` may start the timer again, and may destroy it.
  Timer(Worker& worker, std::function<void()> callback)
      : worker_(worker), callback_(std::move(callback)) {}
  ~Timer() { Cancel(); }

  // (Re)starts it.
  void Start(std::chrono::nanoseconds delay) { StartAt(worker_.now_ns() + delay.count()); }
  void StartAt(int64_t deadline_ns) {
    Cancel();
    worker_.AddTimer(this, deadline_ns);
  }
  // True if it was running and now never fires.
  bool Cancel() { return worker_.CancelTimer(this); }
  bool running() const { return scheduled(); }

 private:
  void OnTimer() override {
    const std::function<void()> callback = callback_;  // survives its own timer
    callback();
  }

  Worker& worker_;
  std::function<void()> callback_;
};

// The awaitable behind Sleep().
class [[nodiscard]] SleepAwaiter final : private TimerNode, private Waiter {
 public:
  SleepAwaiter(Worker& worker, int64_t deadline_ns, CancelToken token)
      : worker_(worker), deadline_ns_(deadline_ns), token_(std::move(token)) {}

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle);
  bool await_resume() const { return elapsed_; }

 private:
  struct OnCancel {
    SleepAwaiter* self;
    void operator()() const;
  };

  void Arm();                       // on the worker
  void OnTimer() override;          // on the worker
  void Complete(bool ok) override;  // the posted arming, then perhaps a posted cancellation

  Worker& worker_;
  const int64_t deadline_ns_;
  const CancelToken token_;
  bool armed_ = false;
  bool elapsed_ = false;
  std::atomic<bool> cancel_posted_{false};
  std::optional<CancelCallback<OnCancel>> callback_;
};

// co_await: true after `delay`; false if the token is cancelled first. May be awaited on any of the
// runtime's threads, and resumes on `worker`.
inline SleepAwaiter Sleep(Worker& worker, std::chrono::nanoseconds delay, CancelToken token = {}) {
  return SleepAwaiter(worker, worker.clock().MonotonicNs() + delay.count(), std::move(token));
}
inline SleepAwaiter SleepUntil(Worker& worker, Deadline deadline, CancelToken token = {}) {
  return SleepAwaiter(worker, deadline.at_ns(), std::move(token));
}

}  // namespace duet::runtime
