// What Store's source files share. Not for others.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "server/store/shard.h"
#include "server/store/shard_locks.h"
#include "server/store/store.h"

namespace duet::store {

struct Store::Impl {
  HashFunction hasher;
  std::unique_ptr<Shard[]> shards;
  std::atomic<size_t> next_to_expire{0};  // where EraseExpired goes on
  std::atomic<int64_t> growth{0};         // as UnclaimedGrowth
};

inline Shard& Store::shard(size_t index) const { return impl_->shards[index]; }

// Holds a shard's lock for a scope, unless `locks` holds it already.
class ABSL_SCOPED_LOCKABLE ShardGuard {
 public:
  ShardGuard(Shard& shard, size_t index, const ShardLocks& locks)
      ABSL_EXCLUSIVE_LOCK_FUNCTION(shard.lock) ABSL_NO_THREAD_SAFETY_ANALYSIS
      : shard_(locks.Holds(index) ? nullptr : &shard) {
    if (shard_ != nullptr) shard_->lock.Lock();
  }
  ~ShardGuard() ABSL_UNLOCK_FUNCTION() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (shard_ != nullptr) shard_->lock.Unlock();
  }
  ShardGuard(const ShardGuard&) = delete;
  ShardGuard& operator=(const ShardGuard&) = delete;

 private:
  Shard* const shard_;
};

}  // namespace duet::store
