#include "server/store/store.h"

#include <algorithm>
#include <utility>

#include "server/base/check.h"
#include "server/base/hash.h"
#include "server/store/garbage.h"
#include "server/store/shard_locks.h"
#include "server/store/store_impl.h"

namespace duet::store {
namespace {

// Keys that EraseExpired erases under one lock; what comes to that shard meanwhile waits.
constexpr size_t kExpireAtOnce = 64;

}  // namespace

Store::Store(const StoreOptions& options)
    : shard_bits_(options.shard_bits), impl_(std::make_unique<Impl>()) {
  DUET_CHECK(shard_bits_ >= 0 && shard_bits_ <= kMaxShardBits, "shard_bits out of range");
  impl_->hasher = {options.hash_function != nullptr ? options.hash_function : &HashBytes,
                   options.hash_seed};
  impl_->shards = std::make_unique<Shard[]>(shard_count());
  for (size_t i = 0; i < shard_count(); ++i) shard(i).Init(&impl_->hasher);
}

Store::~Store() = default;

Key Store::MakeKey(std::string_view bytes) const { return {bytes, impl_->hasher(bytes)}; }

void Store::PrefetchBucket(int database, uint64_t hash) const {
  shard(ShardOf(hash)).PrefetchBucket(database, hash);
}

void Store::PrefetchEntry(int database, uint64_t hash) const {
  Shard& at = shard(ShardOf(hash));
  if (!at.lock.TryLock()) return;
  if (const ShardData* data = at.Find(database)) data->table.PrefetchEntry(hash);
  at.lock.Unlock();
}

uint64_t Store::Size(int database, ShardLocks&, int64_t) const {
  uint64_t size = 0;
  for (size_t i = 0; i < shard_count(); ++i) size += shard(i).Size(database);
  return size;
}

std::unique_ptr<Garbage> Store::Flush(int database, ShardLocks& locks, uint64_t* dropped) {
  DUET_CHECK(locks.HoldsAll(), "Flush needs all shards");
  auto garbage = std::make_unique<Garbage>(shard_count());
  *dropped = 0;
  for (size_t i = 0; i < shard_count(); ++i) {
    shard(i).lock.AssertHeld();
    *dropped += shard(i).TakeAll(database, garbage->table(i));
  }
  return garbage;
}

void Store::Swap(int first, int second, ShardLocks& locks, int64_t now_ms) {
  DUET_CHECK(locks.HoldsAll(), "Swap needs all shards");
  if (first == second) return;
  for (size_t i = 0; i < shard_count(); ++i) {
    shard(i).lock.AssertHeld();
    shard(i).Swap(first, second, now_ms);
  }
}

void Store::SetObserver(KeyObserver* observer) {
  for (size_t i = 0; i < shard_count(); ++i) shard(i).SetObserver(observer);
}

size_t Store::EraseExpired(int64_t now_ms, size_t budget) {
  size_t looked = 0;
  size_t count = 0;
  std::vector<Entry*> erased;
  size_t at = impl_->next_to_expire.load(std::memory_order_relaxed) % shard_count();
  // One round; a shard is left when nothing in it is due.
  for (size_t passed = 0; passed < shard_count() && looked < budget;) {
    Shard& current = shard(at);
    const size_t limit = std::min(kExpireAtOnce, budget - looked);
    size_t looked_here = 0;
    if (current.next_deadline_ms() <= now_ms) {
      current.lock.Lock();
      looked_here = current.EraseExpired(now_ms, limit, erased);
      const int64_t growth = current.TakeGrowth();
      current.lock.Unlock();
      impl_->growth.fetch_add(growth, std::memory_order_relaxed);
    }
    if (looked_here < limit) {
      at = (at + 1) % shard_count();
      ++passed;
    }
    looked += looked_here;
    count += erased.size();
    for (Entry* entry : erased) Entry::Destroy(entry);
    erased.clear();
  }
  impl_->next_to_expire.store(at, std::memory_order_relaxed);
  return count;
}

bool Store::HasDue(int64_t now_ms) const {
  for (size_t i = 0; i < shard_count(); ++i) {
    if (shard(i).next_deadline_ms() <= now_ms) return true;
  }
  return false;
}

int64_t Store::UnclaimedGrowth() const { return impl_->growth.load(std::memory_order_relaxed); }

StoreStats Store::Stats(int database, int64_t now_ms) const {
  StoreStats stats;
  for (size_t i = 0; i < shard_count(); ++i) shard(i).AddStats(database, now_ms, stats);
  return stats;
}

StoreStats Store::Stats() const {
  StoreStats stats;
  for (size_t i = 0; i < shard_count(); ++i) {
    for (int database = 0; database < kDatabases; ++database) {
      shard(i).AddStats(database, 0, stats);
    }
  }
  return stats;
}

}  // namespace duet::store
