// How much memory the server may take, and what has to go when that is full: the settings that
// begin with maxmemory and lfu.
#pragma once

#include <cstdint>

#include "server/base/relaxed.h"

namespace duet {

// In Redis' words: which keys may be evicted, and which of them first.
enum class MemoryPolicy : uint8_t {
  kNoEviction,
  kAllKeysLru,  // the least recently used
  kAllKeysLfu,  // the least frequently used
  kAllKeysRandom,
  kVolatileLru,  // of those with an expiry
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,  // the one that expires soonest
};

constexpr bool IsLru(MemoryPolicy policy) {
  return policy == MemoryPolicy::kAllKeysLru || policy == MemoryPolicy::kVolatileLru;
}
constexpr bool IsLfu(MemoryPolicy policy) {
  return policy == MemoryPolicy::kAllKeysLfu || policy == MemoryPolicy::kVolatileLfu;
}
constexpr bool IsRandom(MemoryPolicy policy) {
  return policy == MemoryPolicy::kAllKeysRandom || policy == MemoryPolicy::kVolatileRandom;
}
// Only keys with an expiry may be evicted.
constexpr bool IsVolatile(MemoryPolicy policy) { return policy >= MemoryPolicy::kVolatileLru; }

struct MemoryLimits {
  uint64_t max_bytes = 0;  // maxmemory; 0: no bound
  MemoryPolicy policy = MemoryPolicy::kNoEviction;
  int samples = 5;            // maxmemory-samples: keys compared for one eviction
  int tenacity = 10;          // maxmemory-eviction-tenacity: 0..100, how long a command may evict
  int lfu_log_factor = 10;    // uses that it takes to be counted once more; 0: every one counts
  int lfu_decay_minutes = 1;  // an unused key's count falls by one in that time; 0: never
};

// Limits that one thread sets (CONFIG SET) and all others read, each on its own.
// Thread-safe.
class SharedMemoryLimits {
 public:
  void Set(const MemoryLimits& limits) {
    max_bytes = limits.max_bytes;
    policy = limits.policy;
    samples = limits.samples;
    tenacity = limits.tenacity;
    lfu_log_factor = limits.lfu_log_factor;
    lfu_decay_minutes = limits.lfu_decay_minutes;
  }
  MemoryLimits Get() const {
    return {max_bytes, policy, samples, tenacity, lfu_log_factor, lfu_decay_minutes};
  }

  Relaxed<uint64_t> max_bytes;
  Relaxed<MemoryPolicy> policy;
  Relaxed<int> samples;
  Relaxed<int> tenacity;
  Relaxed<int> lfu_log_factor;
  Relaxed<int> lfu_decay_minutes;
};

}  // namespace duet
