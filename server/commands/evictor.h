// Chooses keys to evict, and evicts them.
//
// As Redis does: a few random keys are looked at (maxmemory-samples), and the best of them all so
// far wait in a small pool, so that little by little it fills with keys that are good to evict in
// the whole store, not just among five. Unlike Redis, a key whose turn comes is looked at again:
// one that has been used since it came into the pool stays. The key that expires soonest
// (volatile-ttl) is not sampled but taken from the front of a few shards' indexes of expiry.
//
// Thread class: worker-bound: each worker has its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/memory_limits.h"
#include "server/store/store.h"

namespace duet::commands {

class Evictor {
 public:
  // `store` outlives the evictor; choices depend on `seed` and on the store.
  Evictor(store::Store& store, uint64_t seed) : store_(store), random_(seed) {}

  // Evicts one key and adds to `growth` what that makes of the data's size. False: there is no key
  // that the policy allows to evict. REQUIRES: the policy is not kNoEviction; the calling thread
  // holds no shard.
  bool EvictOne(const MemoryLimits& limits, int64_t now_ms, int64_t& growth);

 private:
  static constexpr size_t kPoolSize = 16;
  // What is to be evicted sooner has a higher score.
  using Score = uint64_t;
  struct Candidate {
    Score score = 0;
    int database = 0;
    std::string key;
  };

  static store::Pick PickOf(MemoryPolicy policy);
  static Score ScoreOf(const store::Entry& entry, const MemoryLimits& limits, int64_t now_ms);
  size_t Sample(const MemoryLimits& limits, int64_t now_ms);
  void Offer(Score score, int database, std::string_view key);
  bool Evict(const Candidate& candidate, const MemoryLimits& limits, int64_t now_ms,
             int64_t& growth);

  store::Store& store_;
  uint64_t random_;
  std::array<Candidate, kPoolSize> pool_;  // the first `pooled_` by ascending score
  size_t pooled_ = 0;
  Candidate chosen_;
  MemoryPolicy pooled_for_ = MemoryPolicy::kNoEviction;
};

}  // namespace duet::commands
