// A shard: the lock, and what it guards. The first cache line is all that a command on database 0
// touches of it, unless the key has an expiry.
//
// Here lies what must not be forgotten when an entry comes, changes or goes: bytes, the expiry
// index and the versions of watched keys. Database and Store work on entries through these only.
// Thread class: what the annotations say; Size, AddStats, SetObserver, PrefetchBucket and
// next_deadline_ms may be called by any thread at any time.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"

#include "server/store/expiry_index.h"
#include "server/store/key_observer.h"
#include "server/store/shard_lock.h"
#include "server/store/store.h"
#include "server/store/table.h"
#include "server/store/watch_table.h"

namespace duet::store {

// One database's part of a shard.
struct ShardData {
  Table table;
  Relaxed<uint64_t> entry_bytes;  // as StoreStats::entry_bytes
  ExpiryIndex expiry;
};

class alignas(64) Shard {
 public:
  static constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();

  Shard() = default;
  ~Shard();

  ShardLock lock;

  // `hasher` outlives the shard.
  void Init(const HashFunction* hasher) { hasher_ = hasher; }

  // nullptr: this database has never held anything here.
  ShardData* Find(int database) ABSL_SHARED_LOCKS_REQUIRED(lock) { return Peek(database); }
  ShardData& FindOrMake(int database) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);

  // `data` is this shard's. The shard takes `entry`.
  void Insert(ShardData& data, Entry* entry, uint64_t hash) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  // Puts `entry`, with the same key, in the place of what `slot` holds, which the caller owns now.
  [[nodiscard]] Entry* Replace(ShardData& data, Slot* slot, Entry* entry, uint64_t hash)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  [[nodiscard]] Entry* Remove(ShardData& data, Slot* slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  // An entry's expiry was changed in place.
  void ExpiryChanged(ShardData& data, int64_t old_expire_at_ms, int64_t new_expire_at_ms,
                     uint64_t hash) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  // Gives back memory that a database with few entries does not need: Remove keeps it for the next.
  void Trim(ShardData& data) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  // Bytes of entries, tables and indexes that have come (negative: gone) since the last call.
  int64_t TakeGrowth() ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock) {
    const int64_t growth = growth_;
    if (growth != 0) growth_ = 0;
    return growth;
  }
  // For ShardLocks, which takes it while it holds the lock.
  int64_t* growth() ABSL_NO_THREAD_SAFETY_ANALYSIS { return &growth_; }
  // A command found the key expired.
  void ExpiredLazily(ShardData& data, int database, const Key& key)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  // Erases what a command found expired. Nobody is the cause of that, whoever found it.
  void EraseLazily(ShardData& data, Slot* slot, int database, const Key& key)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  // A watched key's version grows, and the observer hears of it; cheap if nobody listens.
  void Changed(int database, const Key& key, Origin origin) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock) {
    if (watches_ != nullptr) watches_->Changed(database, key.bytes, key.hash);
    if (KeyObserver* const told = observer()) told->KeyChanged(database, key.bytes, origin);
  }
  // A key was made, anew where it replaces one.
  void Added(int database, const Key& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock) {
    if (KeyObserver* const told = observer()) told->KeyAdded(database, key.bytes);
  }
  // The key goes because memory is short. Follows Changed.
  void Evicted(int database, const Key& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock) {
    if (KeyObserver* const told = observer()) told->KeyEvicted(database, key.bytes);
  }

  WatchTable& watches() ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  const WatchTable* watches_if_any() const ABSL_SHARED_LOCKS_REQUIRED(lock) {
    return watches_.get();
  }
  void DropWatchesIfEmpty() ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);

  // Erases keys whose time has come, of any database, and gives them to the caller in `erased`.
  // Looks at `limit` deadlines at the most and returns at how many. Fewer: none is due.
  size_t EraseExpired(int64_t now_ms, size_t limit, std::vector<Entry*>& erased)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  // Moves all entries of a database into `table` and returns how many there were.
  size_t TakeAll(int database, Table& table) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  void Swap(int first, int second, int64_t now_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  // Shows up to `count` entries of a database, from a place that `random` chooses on, and returns
  // how many it showed. REQUIRES: 0 < count <= kMostSamples.
  size_t Sample(int database, Pick pick, uint64_t random, size_t count, const Store::Show& show)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  void CheckInvariants(int database) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);

  // Any thread, no lock.
  void SetObserver(KeyObserver* observer) { observer_.store(observer, std::memory_order_release); }
  size_t Size(int database) const {
    const ShardData* data = Peek(database);
    return data == nullptr ? 0 : data->table.size();
  }
  // Those that Sample may show with `pick`.
  size_t Eligible(int database, Pick pick) const {
    const ShardData* data = Peek(database);
    if (data == nullptr) return 0;
    return pick == Pick::kAny ? data->table.size() : data->expiry.keys();
  }
  void AddStats(int database, int64_t now_ms, StoreStats& stats) const;
  // No key is due before; may be too early.
  int64_t next_deadline_ms() const { return next_deadline_ms_; }
  void PrefetchBucket(int database, uint64_t hash) const {
    if (const ShardData* data = Peek(database)) data->table.PrefetchBucket(hash);
  }

 private:
  // Whoever reads without the lock may use atomics of the table only.
  ShardData* Peek(int database) const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (database == 0) return const_cast<ShardData*>(&first_);
    return others_[static_cast<size_t>(database)].load(std::memory_order_acquire);
  }
  KeyObserver* observer() const { return observer_.load(std::memory_order_acquire); }
  void SwapWatched(int first, int second, int64_t now_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  size_t EraseExpiredIn(int database, int64_t now_ms, size_t limit, std::vector<Entry*>& erased)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  void PushDeadline(ShardData& data, int64_t expire_at_ms, uint64_t hash)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  void RebuildIfStale(ShardData& data) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  void PushAgain(ShardData& data, const ExpiryIndex::Item& item)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  size_t SampleExpiring(ShardData& data, int database, uint64_t random, size_t count,
                        const Store::Show& show) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);
  const Entry* SoonestExpiring(ShardData& data) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lock);

  int64_t growth_ ABSL_GUARDED_BY(lock) = 0;
  std::unique_ptr<WatchTable> watches_ ABSL_GUARDED_BY(lock);
  std::atomic<KeyObserver*> observer_{nullptr};
  ShardData first_ ABSL_GUARDED_BY(lock);  // database 0; its table ends the first cache line
  Relaxed<int64_t> next_deadline_ms_{kNoDeadline};
  // Databases 1 and up ([0] stays empty); made under the lock, never freed before the shard.
  std::array<std::atomic<ShardData*>, kDatabases> others_{};
  const HashFunction* hasher_ = nullptr;
};

}  // namespace duet::store
