#include "server/store/shard_lock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace duet::store {
namespace {

// About 2 us: a holder that runs lets go within that; one that was preempted does not, and then the
// processor should go to it.
constexpr int kSpins = 64;

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

long Futex(std::atomic<uint32_t>* word, int operation, uint32_t value) {
  return syscall(SYS_futex, reinterpret_cast<uint32_t*>(word), operation | FUTEX_PRIVATE_FLAG,
                 value, nullptr, nullptr, 0);
}

}  // namespace

void ShardLock::LockSlowBlocking() {
  for (int spin = 0; spin < kSpins; ++spin) {
    uint32_t expected = kFree;
    if (state_.load(std::memory_order_relaxed) == kFree &&
        state_.compare_exchange_weak(expected, kHeld, std::memory_order_acquire,
                                     std::memory_order_relaxed)) {
      return;
    }
    Pause();
  }
  // From here on the state says that somebody may sleep, even if it is only us.
  while (state_.exchange(kHeldWithWaiters, std::memory_order_acquire) != kFree) {
    Futex(&state_, FUTEX_WAIT, kHeldWithWaiters);
  }
}

void ShardLock::WakeOne() { Futex(&state_, FUTEX_WAKE, 1); }

}  // namespace duet::store
