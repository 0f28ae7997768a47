// The shard locks that one command (or one transaction) holds.
//
// Locks are taken in ascending order of shard and all released by the destructor. One key costs one
// compare-and-swap. Not re-entrant across objects: a thread holds one ShardLocks at a time.
// Thread-compatible; lives on the stack of the thread that locks.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>

#include "server/store/store.h"

namespace duet::store {

class ShardLocks {
 public:
  explicit ShardLocks(const Store& store) : store_(store) {}
  ~ShardLocks();
  ShardLocks(const ShardLocks&) = delete;
  ShardLocks& operator=(const ShardLocks&) = delete;

  // REQUIRES, for each: nothing is locked yet.
  void Lock(const Key& key);
  void Lock(std::span<const Key> keys);  // in any order, with repetitions
  void LockAll();
  void Unlock();  // releases everything early

  bool Holds(size_t shard) const;
  bool HoldsAll() const;

 private:
  const Store& store_;
  // The owner of server/store chooses the representation (one shard inline; a bit per shard else).
};

}  // namespace duet::store
