// A four-byte lock: spins a moment, then parks on a futex.
//
// Why not a library mutex: a shard is held for some hundred nanoseconds, there are a thousand of
// them, and the header of a shard should fit a cache line. Uncontended it costs one
// compare-and-swap and one exchange. Not fair, not re-entrant. Source: U. Drepper, "Futexes are
// tricky", mutex 3. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/base/thread_annotations.h"

#include "server/base/check.h"

namespace duet::store {

class ABSL_LOCKABLE ShardLock {
 public:
  ShardLock() = default;
  ShardLock(const ShardLock&) = delete;
  ShardLock& operator=(const ShardLock&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    uint32_t expected = kFree;
    if (!state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire,
                                        std::memory_order_relaxed)) {
      LockSlowBlocking();
    }
  }
  bool TryLock() ABSL_EXCLUSIVE_TRYLOCK_FUNCTION(true) {
    uint32_t expected = kFree;
    return state_.load(std::memory_order_relaxed) == kFree &&
           state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    if (state_.exchange(kFree, std::memory_order_release) == kHeldWithWaiters) WakeOne();
  }
  // Crashes a debug build if nobody holds it (who does, a lock does not know).
  void AssertHeld() const ABSL_ASSERT_EXCLUSIVE_LOCK() {
    DUET_DCHECK(state_.load(std::memory_order_relaxed) != kFree, "shard not locked");
  }

 private:
  static constexpr uint32_t kFree = 0;
  static constexpr uint32_t kHeld = 1;
  static constexpr uint32_t kHeldWithWaiters = 2;

  void LockSlowBlocking();
  void WakeOne();

  std::atomic<uint32_t> state_{kFree};
};
static_assert(sizeof(ShardLock) == 4);

}  // namespace duet::store
