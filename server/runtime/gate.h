// Counts what is in flight, so that a drain can wait for it.
//
//   Gate::Pass pass = gate.Enter();   if (!pass) -> refuse: the server is closing
//   gate.Close(); co_await gate.Drained();
//
// Thread class: thread-safe. May be destroyed once Drained() has been seen.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "server/runtime/wait_queue.h"

namespace duet::runtime {

class Gate {
 public:
  // Leaves the gate when it dies. Empty if the gate was closed.
  class [[nodiscard]] Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&& other) noexcept {
      if (this != &other) {
        Leave();
        gate_ = std::exchange(other.gate_, nullptr);
      }
      return *this;
    }
    ~Pass() { Leave(); }
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    friend class Gate;
    explicit Pass(Gate* gate) : gate_(gate) {}
    void Leave() {
      if (gate_ != nullptr) std::exchange(gate_, nullptr)->Leave();
    }
    Gate* gate_ = nullptr;
  };

  Pass Enter() { return Pass(TryEnter() ? this : nullptr); }
  // The same without the guard: false when closed; else Leave() must follow.
  [[nodiscard]] bool TryEnter();
  void Leave();

  // Refuses all who come from now on. May be called again.
  void Close();
  bool closed() const { return (state_.load(std::memory_order_relaxed) & kClosed) != 0; }
  uint64_t in_flight() const { return state_.load(std::memory_order_relaxed) / kOne; }

  class [[nodiscard]] DrainedAwaiter final : public WaitAwaiter<DrainedAwaiter> {
   public:
    DrainedAwaiter(Gate* gate, CancelToken token)
        : WaitAwaiter(&gate->mutex_, &gate->waiters_, std::move(token)), gate_(gate) {}
    bool await_resume() {
      EndWait();
      return outcome() == WaitOutcome::kGranted;
    }

   private:
    friend class WaitAwaiter<DrainedAwaiter>;
    bool TryLocked() {
      gate_->mutex_.AssertHeld();
      if (!gate_->drained_) return false;
      WaitQueue::Settle(this, WaitOutcome::kGranted);
      return true;
    }
    Gate* const gate_;
  };

  // co_await: true when it is closed and all have left; false if the token was cancelled first.
  DrainedAwaiter Drained(CancelToken token = {}) { return DrainedAwaiter(this, std::move(token)); }
  // The same for a thread that is not a worker. False after `timeout`.
  bool DrainedBlocking(absl::Duration timeout = absl::InfiniteDuration())
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  static constexpr uint64_t kClosed = 1;
  static constexpr uint64_t kOne = 2;

  void SetDrained() ABSL_LOCKS_EXCLUDED(mutex_);

  std::atomic<uint64_t> state_{0};  // those inside times kOne, plus kClosed
  absl::Mutex mutex_;
  bool drained_ ABSL_GUARDED_BY(mutex_) = false;  // set once, by the last who leaves or by Close()
  WaitQueue waiters_;                             // guarded by mutex_
};

}  // namespace duet::runtime
