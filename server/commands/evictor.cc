#include "server/commands/evictor.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "server/base/random.h"
#include "server/commands/access_clock.h"
#include "server/store/database.h"
#include "server/store/shard_locks.h"

namespace duet::commands {
namespace {

// Candidates that may turn out to be gone, or used again, before it is said that there is no key.
constexpr int kMostRounds = 64;
// Pools keep keys; a huge one is not worth its copy.
constexpr size_t kMostPooledKeyBytes = 64 * 1024;

}  // namespace

store::Pick Evictor::PickOf(MemoryPolicy policy) {
  if (policy == MemoryPolicy::kVolatileTtl) return store::Pick::kSoonest;
  return IsVolatile(policy) ? store::Pick::kExpiring : store::Pick::kAny;
}

Evictor::Score Evictor::ScoreOf(const store::Entry& entry, const MemoryLimits& limits,
                                int64_t now_ms) {
  if (IsLru(limits.policy)) return static_cast<Score>(IdleMs(entry.access(), now_ms));
  if (IsLfu(limits.policy)) {
    return Score{255} - CountOfUses(entry.access(), now_ms, limits.lfu_decay_minutes);
  }
  if (limits.policy == MemoryPolicy::kVolatileTtl) {
    return std::numeric_limits<Score>::max() - static_cast<Score>(entry.expire_at_ms());
  }
  return 0;
}

// Into its place; the worst goes if the pool is full.
void Evictor::Offer(Score score, int database, std::string_view key) {
  const auto end = pool_.begin() + static_cast<ptrdiff_t>(pooled_);
  auto place = std::find_if(
      pool_.begin(), end, [score](const Candidate& candidate) { return candidate.score > score; });
  if (pooled_ == kPoolSize) {
    if (place == pool_.begin()) return;
    --place;
    std::rotate(pool_.begin(), pool_.begin() + 1, place + 1);
  } else {
    ++pooled_;
    std::rotate(place, pool_.begin() + static_cast<ptrdiff_t>(pooled_ - 1),
                pool_.begin() + static_cast<ptrdiff_t>(pooled_));
  }
  place->score = score;
  place->database = database;
  place->key = key;
}

// How many keys it saw.
size_t Evictor::Sample(const MemoryLimits& limits, int64_t now_ms) {
  const store::Pick pick = PickOf(limits.policy);
  const bool one_a_shard = pick == store::Pick::kSoonest;
  const int wanted = IsRandom(limits.policy) ? 1 : limits.samples;
  const int shards = one_a_shard ? wanted : 1;
  const auto count = static_cast<size_t>(one_a_shard ? 1 : wanted);
  const auto show = [&](int database, const store::Entry& entry) {
    const std::string_view key = entry.key();
    if (key.size() <= kMostPooledKeyBytes || pooled_ == 0) {
      Offer(ScoreOf(entry, limits, now_ms), database, key);
    }
  };
  size_t seen = 0;
  store::ShardLocks none(store_);
  for (int i = 0; i < shards; ++i) {
    random_ = Mix(random_);
    const size_t shown = store_.Sample(pick, random_, count, none, show);
    if (shown == 0) break;
    seen += shown;
  }
  return seen;
}

// False: it is not there any more, or not as good to evict as it was.
bool Evictor::Evict(const Candidate& candidate, const MemoryLimits& limits, int64_t now_ms,
                    int64_t& growth) {
  const store::Key key = store_.MakeKey(candidate.key);
  store::ShardLocks locks(store_);
  locks.Lock(key);
  // A time before all: a key that has expired is evicted as any other.
  store::Database db(store_, locks, candidate.database, std::numeric_limits<int64_t>::min());
  const store::Entry* const entry = db.Find(key);
  if (entry == nullptr) return false;
  if (IsVolatile(limits.policy) && entry->expire_at_ms() == store::kNoExpiry) return false;
  if (ScoreOf(*entry, limits, now_ms) < candidate.score) return false;
  db.Evict(key);
  locks.Unlock();
  growth += locks.TakeGrowth();
  return true;
}

bool Evictor::EvictOne(const MemoryLimits& limits, int64_t now_ms, int64_t& growth) {
  if (pooled_for_ != limits.policy) pooled_ = 0;
  pooled_for_ = limits.policy;
  for (int round = 0; round < kMostRounds; ++round) {
    if (Sample(limits, now_ms) == 0) return false;
    while (pooled_ > 0) {
      std::swap(chosen_, pool_[--pooled_]);  // so that the strings' memory is used again
      if (Evict(chosen_, limits, now_ms, growth)) return true;
    }
  }
  return false;
}

}  // namespace duet::commands
