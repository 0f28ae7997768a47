#include "server/store/shard_locks.h"

#include <algorithm>
#include <bit>

#include "server/base/check.h"
#include "server/store/store_impl.h"

// clang cannot follow locks that are chosen at run time.
#define DUET_UNCHECKED_LOCKS ABSL_NO_THREAD_SAFETY_ANALYSIS

namespace duet::store {

template <typename Visit>
void ShardLocks::ForEachHeld(Visit visit) const {
  for (size_t word = 0; word < words(); ++word) {
    for (uint64_t bits = bits_[word]; bits != 0; bits &= bits - 1) {
      visit(word * kWordBits + static_cast<size_t>(std::countr_zero(bits)));
    }
  }
}

void ShardLocks::Lock(const Key& key) DUET_UNCHECKED_LOCKS {
  DUET_DCHECK(held_ == Held::kNone, "locked already");
  one_ = store_.ShardOf(key.hash);
  Shard& shard = store_.shard(one_);
  one_lock_ = &shard.lock;
  one_growth_ = shard.growth();
  one_lock_->Lock();
  held_ = Held::kOne;
}

void ShardLocks::Lock(std::span<const Key> keys) DUET_UNCHECKED_LOCKS {
  DUET_DCHECK(held_ == Held::kNone, "locked already");
  if (keys.empty()) return;
  if (keys.size() == 1) return Lock(keys.front());
  std::fill_n(bits_.begin(), words(), 0);
  for (const Key& key : keys) {
    const size_t shard = store_.ShardOf(key.hash);
    bits_[shard / kWordBits] |= uint64_t{1} << (shard % kWordBits);
  }
  ForEachHeld([this](size_t shard) DUET_UNCHECKED_LOCKS { store_.shard(shard).lock.Lock(); });
  held_ = Held::kSome;
}

void ShardLocks::LockAll() DUET_UNCHECKED_LOCKS {
  DUET_DCHECK(held_ == Held::kNone, "locked already");
  for (size_t shard = 0; shard < store_.shard_count(); ++shard) store_.shard(shard).lock.Lock();
  held_ = Held::kAll;
}

ShardLocks::~ShardLocks() {
  Unlock();
  if (growth_ != 0) store_.impl_->growth.fetch_add(growth_, std::memory_order_relaxed);
}

void ShardLocks::Release(size_t shard) DUET_UNCHECKED_LOCKS {
  Shard& held = store_.shard(shard);
  growth_ += held.TakeGrowth();
  held.lock.Unlock();
}

void ShardLocks::UnlockSeveral() {
  if (held_ == Held::kSome) {
    ForEachHeld([this](size_t shard) { Release(shard); });
    return;
  }
  for (size_t shard = 0; shard < store_.shard_count(); ++shard) Release(shard);
}

bool ShardLocks::Holds(size_t shard) const {
  switch (held_) {
    case Held::kNone:
      return false;
    case Held::kOne:
      return shard == one_;
    case Held::kSome:
      return (bits_[shard / kWordBits] >> (shard % kWordBits) & 1) != 0;
    case Held::kAll:
      return true;
  }
  return false;
}

}  // namespace duet::store
