// The store: 16 databases of keys, cut into 2^k shards.
//
// A shard holds, for each database, an open-addressing table of 64-byte buckets (table.h) that
// points to one compact allocation an entry (entry.h), and an index of expiries (expiry_index.h).
// A key's hash does not depend on its database, so the same key lies in the same shard in each.
//
// Locking. The caller of Database's methods holds the locks of the shards that its keys lie in
// (ShardLocks); debug builds assert it. Store's own operations that walk shards take the caller's
// ShardLocks and lock, one at a time, what those do not hold already.
// Thread class: thread-safe under that rule. The store knows no thread, protocol or socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/clock.h"
#include "server/store/entry.h"

namespace duet::store {

class Garbage;
class KeyObserver;
class Shard;
class ShardLocks;

// A key with its hash: hashed once, by Store::MakeKey, never by hand (a growing table may hash
// again). The view must outlive the Key.
struct Key {
  std::string_view bytes;
  uint64_t hash = 0;
};

inline constexpr int kDatabases = 16;
inline constexpr int kMaxShardBits = 12;
inline constexpr size_t kMostSamples = 64;

// What Store::Sample chooses from.
enum class Pick : uint8_t {
  kAny,
  kExpiring,  // entries with an expiry
  kSoonest,   // of each database's the one that expires first
};

struct StoreOptions {
  int shard_bits = 10;     // 2^shard_bits shards, 0..kMaxShardBits
  uint64_t hash_seed = 0;  // per process and secret (hash flooding); tests fix it
  // nullptr: HashBytes. Tests pass another to force collisions.
  uint64_t (*hash_function)(std::string_view bytes, uint64_t seed) = nullptr;
};

// What a database or the whole store holds; summed over shards.
struct StoreStats {
  uint64_t keys = 0;
  uint64_t keys_with_expiry = 0;
  uint64_t entry_bytes = 0;   // allocations of entries, as the allocator rounds them
  uint64_t table_bytes = 0;   // buckets and expiry indexes
  uint64_t expiry_bytes = 0;  // of these, indexes
  uint64_t expired_keys = 0;  // removed because their time had come, lazily or actively
  uint64_t expired_lazily = 0;
  int64_t expiry_sum_ms = 0;  // sum over keys with expiry of (expiry - now); for INFO's avg_ttl
                              // (wraps around where Stats was not told the time)
};

class Store {
 public:
  explicit Store(const StoreOptions& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Key MakeKey(std::string_view bytes) const;
  // Hints the CPU to load the bucket in which `hash` lies. Takes no lock; never faults.
  void PrefetchBucket(int database, uint64_t hash) const;
  // Hints the CPU to load the entry of `hash`, whose bucket was prefetched before. May take the
  // shard's lock if it is free, and does nothing if it is not.
  void PrefetchEntry(int database, uint64_t hash) const;
  size_t shard_count() const { return size_t{1} << shard_bits_; }
  // Two shifts, since one by 64 is undefined.
  size_t ShardOf(uint64_t hash) const { return (hash >> 1) >> (63 - shard_bits_); }

  // Whole-database operations. Each passes over expired keys.
  // REQUIRES: `locks` holds no shard or all of them; with some, two threads could wait for each
  // other.
  //
  // As DBSIZE, the exception: counts keys that have expired and are not erased yet. Takes no lock.
  uint64_t Size(int database, ShardLocks& locks, int64_t now_ms) const;
  // SCAN: looks at no fewer than `count` keys where there are so many (expired ones count), from
  // `cursor` (0 starts) on, and returns the next cursor (0: done). A key present from the first
  // call to the last is visited at least once, though tables grow and shrink between (Redis'
  // reverse-binary cursor; see table.h). Any cursor is safe, one that was never handed out
  // included. `visit` runs under the shard's lock and must not touch the store.
  using Visitor = std::function<void(std::string_view key, const Entry& entry)>;
  uint64_t Scan(int database, uint64_t cursor, size_t count, int64_t now_ms, ShardLocks& locks,
                const Visitor& visit) const;
  void ForEach(int database, int64_t now_ms, ShardLocks& locks, const Visitor& visit) const;
  // A live key chosen nearly uniformly, or nothing if the database is empty.
  std::optional<std::string> RandomKey(int database, int64_t now_ms, uint64_t random,
                                       ShardLocks& locks) const;
  // Shows entries of one shard that `random` chooses, or of one behind it where that has none: up
  // to `count` of each database (kSoonest: one). Returns how many it showed; 0: there are none at
  // all. Entries that have expired and are not erased yet are shown. `show` runs under the shard's
  // lock and must not touch the store. REQUIRES: 0 < count <= kMostSamples.
  using Show = std::function<void(int database, const Entry& entry)>;
  size_t Sample(Pick pick, uint64_t random, size_t count, ShardLocks& locks,
                const Show& show) const;
  // Empties a database; *dropped is how many keys it had. Their memory is given back by destroying
  // the returned garbage (garbage.h), outside of the locks. REQUIRES: `locks` holds all shards
  // (ShardLocks::LockAll).
  std::unique_ptr<Garbage> Flush(int database, ShardLocks& locks, uint64_t* dropped);
  void Swap(int first, int second, ShardLocks& locks, int64_t now_ms);

  // Erases keys whose time has come, starting where the last call stopped; locks one shard at a
  // time. Looks at `budget` deadlines at the most, those included that a key has outlived because
  // it was given a later one. Returns how many keys it erased.
  // REQUIRES: the calling thread holds no shard.
  size_t EraseExpired(int64_t now_ms, size_t budget);
  // Are there deadlines left to look at? Thread-safe, without a lock.
  bool HasDue(int64_t now_ms) const;

  // The methods below take no lock, so they may be called with any shards locked.
  //
  // Who hears of changes (key_observer.h); nullptr: nobody. Whoever locks a shard after somebody
  // who called it before has unlocked that shard tells `observer`; a change that is under way may
  // still reach the one before. REQUIRES: `observer` lives as long as the store is used.
  void SetObserver(KeyObserver* observer);

  // Bytes of entries, tables and indexes that have come (negative: gone) since the store was made,
  // but for those that ShardLocks::TakeGrowth gave to others to count.
  int64_t UnclaimedGrowth() const;

  StoreStats Stats(int database, int64_t now_ms = 0) const;
  StoreStats Stats() const;

  // For tests: walks over everything, shard by shard, and crashes if an invariant or a counter is
  // wrong. REQUIRES: the calling thread holds no shard.
  void CheckInvariants() const;

 private:
  friend class Database;
  friend class ShardLocks;
  Shard& shard(size_t index) const;

  struct Impl;
  const int shard_bits_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duet::store
