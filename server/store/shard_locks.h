// The shard locks that one command (or one transaction) holds.
//
// Locks are taken in ascending order of shard and all released by the destructor. One key costs one
// compare-and-swap. Not re-entrant across objects: a thread holds one ShardLocks at a time.
// Thread-compatible; lives on the stack of the thread that locks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "server/store/shard_lock.h"
#include "server/store/store.h"

namespace duet::store {

class ShardLocks {
 public:
  explicit ShardLocks(const Store& store) : store_(store) {}
  // Growth that nobody has taken goes to Store::UnclaimedGrowth.
  ~ShardLocks();
  ShardLocks(const ShardLocks&) = delete;
  ShardLocks& operator=(const ShardLocks&) = delete;

  // REQUIRES, for each: nothing is locked yet.
  void Lock(const Key& key);
  void Lock(std::span<const Key> keys);  // in any order, with repetitions
  void LockAll();
  // Releases everything early.
  void Unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (held_ == Held::kOne) [[likely]] {
      if (*one_growth_ != 0) growth_ += std::exchange(*one_growth_, 0);
      one_lock_->Unlock();
    } else if (held_ != Held::kNone) {
      UnlockSeveral();
    }
    held_ = Held::kNone;
  }

  // Bytes by which the data has grown (negative: shrunk) under the locks released so far. The
  // caller counts them from now on.
  int64_t TakeGrowth() {
    const int64_t growth = growth_;
    growth_ = 0;
    return growth;
  }

  bool Holds(size_t shard) const;
  bool HoldsAll() const { return held_ == Held::kAll; }
  bool HoldsNone() const { return held_ == Held::kNone; }

 private:
  enum class Held : uint8_t { kNone, kOne, kSome, kAll };
  static constexpr size_t kWordBits = 64;

  // Calls visit(shard) for each shard of kSome, in ascending order.
  template <typename Visit>
  void ForEachHeld(Visit visit) const;
  void UnlockSeveral();
  void Release(size_t shard);  // unlocks it, and takes its growth
  size_t words() const { return (store_.shard_count() + kWordBits - 1) / kWordBits; }

  const Store& store_;
  int64_t growth_ = 0;
  Held held_ = Held::kNone;
  size_t one_;           // for kOne
  ShardLock* one_lock_;  // its lock
  int64_t* one_growth_;  // its growth that nobody has taken
  // A bit per shard, for kSome. Not initialised: one key must not pay for 4,096 bits.
  std::array<uint64_t, (size_t{1} << kMaxShardBits) / kWordBits> bits_;
};

}  // namespace duet::store
