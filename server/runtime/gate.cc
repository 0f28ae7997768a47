#include "server/runtime/gate.h"

#include "server/base/check.h"

namespace duet::runtime {

bool Gate::TryEnter() {
  uint64_t state = state_.load(std::memory_order_relaxed);
  do {
    if ((state & kClosed) != 0) return false;
  } while (!state_.compare_exchange_weak(state, state + kOne, std::memory_order_acquire,
                                         std::memory_order_relaxed));
  return true;
}

void Gate::Leave() {
  const uint64_t before = state_.fetch_sub(kOne, std::memory_order_acq_rel);
  DUET_DCHECK(before >= kOne, "left a gate that nobody had entered");
  if (before == (kOne | kClosed)) SetDrained();
}

void Gate::Close() {
  const uint64_t before = state_.fetch_or(kClosed, std::memory_order_acq_rel);
  if (before == 0) SetDrained();
}

void Gate::SetDrained() {
  absl::MutexLock lock(&mutex_);
  drained_ = true;
  waiters_.FinishAll(WaitOutcome::kGranted);
}

bool Gate::DrainedBlocking(absl::Duration timeout) {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&drained_), timeout);
}

}  // namespace duet::runtime
