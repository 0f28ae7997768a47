#include "server/store/database.h"

#include <algorithm>

#include "server/base/check.h"
#include "server/store/shard_locks.h"
#include "server/store/store_impl.h"

namespace duet::store {
namespace {

bool HasPassed(int64_t expire_at_ms, int64_t now_ms) {
  return expire_at_ms != kNoExpiry && expire_at_ms <= now_ms;
}

// Strings that grow are given as much again, up to a mebibyte, so that appending is amortised.
size_t CapacityFor(size_t size) {
  constexpr size_t kMostSpare = size_t{1} << 20;
  return size + std::min(size, kMostSpare);
}

}  // namespace

Database Database::Sibling(int index) const {
  Database sibling(*store_, *locks_, index, now_ms_, origin_, access_);
  sibling.keeps_expired_ = keeps_expired_;
  return sibling;
}

// Writes to the entry only if its bits change: a line that is only read stays shared.
inline void Database::Use(Entry& entry) const {
  if (access_ == nullptr || !access_->counts) return;
  if (access_->after_use != nullptr) return CountUse(entry);
  if (entry.access() != access_->fresh) entry.set_access(access_->fresh);
}

// A command uses an entry once, however often it looks at it.
void Database::CountUse(Entry& entry) const {
  if (used_ == &entry) return;
  used_ = &entry;
  const uint16_t bits = access_->after_use(*access_, entry.access());
  if (bits != entry.access()) entry.set_access(bits);
}

Shard& Database::LockedShard(const Key& key) const {
  const size_t index = store_->ShardOf(key.hash);
  DUET_DCHECK(locks_->Holds(index), "a key whose shard is not locked");
  return store_->shard(index);
}

uint64_t* Database::FindSlot(Shard& shard, const Key& key, ShardData** data) const {
  shard.lock.AssertHeld();
  *data = shard.Find(index_);
  return *data == nullptr ? nullptr : (*data)->table.Find(key.bytes, key.hash);
}

uint64_t* Database::FindLiveSlot(Shard& shard, const Key& key, ShardData** data) {
  shard.lock.AssertHeld();
  uint64_t* const slot = FindSlot(shard, key, data);
  if (slot == nullptr || !EntryOf(*slot)->IsExpired(now_ms_)) return slot;
  shard.EraseLazily(**data, slot, index_, key);
  return nullptr;
}

const Entry* Database::Find(const Key& key) {
  Shard& shard = LockedShard(key);
  shard.lock.AssertHeld();
  ShardData* data;
  uint64_t* const slot = FindSlot(shard, key, &data);
  if (slot == nullptr) return nullptr;
  Entry* const entry = EntryOf(*slot);
  if (entry->IsExpired(now_ms_)) [[unlikely]] {
    if (!keeps_expired_) shard.EraseLazily(*data, slot, index_, key);
    return nullptr;
  }
  Use(*entry);
  return entry;
}

// Puts `entry` where `slot` says, or where there is none yet.
void Database::Put(Shard& shard, ShardData& data, uint64_t* slot, Entry* entry, const Key& key) {
  shard.lock.AssertHeld();
  if (slot == nullptr) {
    shard.Insert(data, entry, key.hash);
  } else {
    Entry::Destroy(shard.Replace(data, slot, entry, key.hash));
  }
}

// Sets a value: assign(entry, expiry) in place if that says true, else make(expiry).
template <typename Assign, typename Make>
void Database::Write(const Key& key, bool keep_expiry, int64_t expire_at_ms, Assign assign,
                     Make make) {
  Shard& shard = LockedShard(key);
  shard.lock.AssertHeld();
  ShardData& data = shard.FindOrMake(index_);
  uint64_t* const slot = data.table.Find(key.bytes, key.hash);
  ++changes_;
  shard.Changed(index_, key, origin_);
  if (slot == nullptr) {
    Entry* const made = make(expire_at_ms);
    made->set_access(FreshAccess());
    shard.Insert(data, made, key.hash);
    return shard.Added(index_, key);
  }
  Entry& entry = *EntryOf(*slot);
  const int64_t old_expire_at_ms = entry.expire_at_ms();
  if (HasPassed(old_expire_at_ms, now_ms_)) {
    shard.ExpiredLazily(data, index_, key);
    entry.set_access(FreshAccess());
    shard.Added(index_, key);
  } else {
    if (keep_expiry) expire_at_ms = old_expire_at_ms;
    Use(entry);
  }
  if (assign(entry, expire_at_ms)) {
    shard.ExpiryChanged(data, old_expire_at_ms, expire_at_ms, key.hash);
  } else {
    Entry* const made = make(expire_at_ms);
    made->set_access(entry.access());
    Put(shard, data, slot, made, key);
  }
}

void Database::SetString(const Key& key, std::string_view value, int64_t expire_at_ms) {
  if (HasPassed(expire_at_ms, now_ms_)) {
    Erase(key);
    return;
  }
  Write(
      key, /*keep_expiry=*/false, expire_at_ms,
      [value](Entry& entry, int64_t at) { return entry.AssignString(value, at); },
      [&](int64_t at) { return Entry::NewString(key.bytes, value, at); });
}

void Database::SetStringKeepExpiry(const Key& key, std::string_view value) {
  Write(
      key, /*keep_expiry=*/true, kNoExpiry,
      [value](Entry& entry, int64_t at) { return entry.AssignString(value, at); },
      [&](int64_t at) { return Entry::NewString(key.bytes, value, at); });
}

void Database::SetIntegerKeepExpiry(const Key& key, int64_t value) {
  Write(
      key, /*keep_expiry=*/true, kNoExpiry,
      [value](Entry& entry, int64_t at) { return entry.AssignInteger(value, at); },
      [&](int64_t at) { return Entry::NewInteger(key.bytes, value, at); });
}

void Database::SetBytesKeepExpiry(const Key& key, std::string_view value) {
  Write(
      key, /*keep_expiry=*/true, kNoExpiry,
      [value](Entry& entry, int64_t at) { return entry.AssignBytes(value, at); },
      [&](int64_t at) { return Entry::NewBytes(key.bytes, value, at); });
}

std::span<char> Database::ResizeString(const Key& key, size_t size) {
  DUET_DCHECK(size > 0, "an empty string");
  Shard& shard = LockedShard(key);
  shard.lock.AssertHeld();
  ShardData* data;
  uint64_t* const slot = FindLiveSlot(shard, key, &data);
  shard.Changed(index_, key, origin_);
  ++changes_;
  if (slot == nullptr) {
    Entry* const made = Entry::NewRaw(key.bytes, size, size, kNoExpiry);
    made->set_access(FreshAccess());
    shard.Insert(shard.FindOrMake(index_), made, key.hash);
    shard.Added(index_, key);
    std::memset(made->raw_data(), 0, size);
    return {made->raw_data(), size};
  }
  Entry* entry = EntryOf(*slot);
  IntegerText scratch;
  const size_t old_size = entry->StringSize();
  if (entry->IsInteger() || !entry->AssignSize(size)) {
    const std::string_view old = entry->StringView(scratch);
    const size_t capacity = size > old_size ? CapacityFor(size) : size;
    Entry* const made = Entry::NewRaw(key.bytes, size, capacity, entry->expire_at_ms());
    made->set_access(entry->access());
    std::memcpy(made->raw_data(), old.data(), std::min(size, old_size));
    Put(shard, *data, slot, made, key);
    entry = made;
  }
  if (size > old_size) std::memset(entry->raw_data() + old_size, 0, size - old_size);
  return {entry->raw_data(), size};
}

bool Database::Erase(const Key& key) {
  Shard& shard = LockedShard(key);
  shard.lock.AssertHeld();
  ShardData* data;
  uint64_t* const slot = FindLiveSlot(shard, key, &data);
  if (slot == nullptr) return false;
  shard.Changed(index_, key, origin_);
  ++changes_;
  Entry::Destroy(shard.Remove(*data, slot));
  return true;
}

bool Database::Evict(const Key& key) {
  Shard& shard = LockedShard(key);
  shard.lock.AssertHeld();
  ShardData* data;
  uint64_t* const slot = FindSlot(shard, key, &data);
  if (slot == nullptr) return false;
  shard.Changed(index_, key, Origin{0});
  shard.Evicted(index_, key);
  ++changes_;
  Entry::Destroy(shard.Remove(*data, slot));
  shard.Trim(*data);
  return true;
}

bool Database::SetExpiry(const Key& key, int64_t expire_at_ms) {
  if (HasPassed(expire_at_ms, now_ms_)) return Erase(key);
  Shard& shard = LockedShard(key);
  shard.lock.AssertHeld();
  ShardData* data;
  uint64_t* const slot = FindLiveSlot(shard, key, &data);
  if (slot == nullptr) return false;
  Entry* const entry = EntryOf(*slot);
  const int64_t old_expire_at_ms = entry->expire_at_ms();
  if (old_expire_at_ms == expire_at_ms && expire_at_ms == kNoExpiry) return true;
  shard.Changed(index_, key, origin_);
  ++changes_;
  if (entry->AssignExpiry(expire_at_ms)) {
    shard.ExpiryChanged(*data, old_expire_at_ms, expire_at_ms, key.hash);
  } else {
    Entry* const moved = Entry::Rekey(shard.Remove(*data, slot), key.bytes, expire_at_ms);
    shard.Insert(*data, moved, key.hash);
  }
  return true;
}

// The shard takes `entry` as `to` in `target`.
void Database::Overwrite(Database& target, const Key& to, Entry* entry) {
  Shard& shard = LockedShard(to);
  shard.lock.AssertHeld();
  ShardData* data;
  uint64_t* const slot = target.FindLiveSlot(shard, to, &data);
  target.Put(shard, shard.FindOrMake(target.index_), slot, entry, to);
  shard.Changed(target.index_, to, origin_);
  shard.Added(target.index_, to);
  ++changes_;
}

void Database::Rename(const Key& from, Database& target, const Key& to) {
  Shard& shard = LockedShard(from);
  shard.lock.AssertHeld();
  ShardData* data;
  uint64_t* const slot = FindLiveSlot(shard, from, &data);
  DUET_CHECK(slot != nullptr, "Rename of a missing key");
  shard.Changed(index_, from, origin_);
  Entry* const entry = shard.Remove(*data, slot);
  Overwrite(target, to, Entry::Rekey(entry, to.bytes, entry->expire_at_ms()));
}

void Database::Copy(const Key& from, Database& target, const Key& to) {
  const Entry* const entry = Find(from);
  DUET_CHECK(entry != nullptr, "Copy of a missing key");
  Entry* const copy = Entry::Clone(*entry, to.bytes, entry->expire_at_ms());
  copy->set_access(FreshAccess());
  Overwrite(target, to, copy);
}

void Database::SetAccess(const Key& key, uint16_t bits) {
  Shard& shard = LockedShard(key);
  ShardData* data;
  if (uint64_t* const slot = FindSlot(shard, key, &data)) EntryOf(*slot)->set_access(bits);
}

uint64_t Database::Watch(const Key& key) {
  Shard& shard = LockedShard(key);
  shard.lock.AssertHeld();
  ShardData* data;
  FindLiveSlot(shard, key, &data);  // its expiry must not count as a change later
  return shard.watches().Add(index_, key.bytes, key.hash);
}

void Database::Unwatch(const Key& key) {
  Shard& shard = LockedShard(key);
  shard.lock.AssertHeld();
  shard.watches().Remove(index_, key.bytes, key.hash);
  shard.DropWatchesIfEmpty();
}

uint64_t Database::WatchedVersion(const Key& key) const {
  Shard& shard = LockedShard(key);
  shard.lock.AssertHeld();
  const WatchTable* const watches = shard.watches_if_any();
  if (watches == nullptr) return 0;
  const uint64_t version = watches->Version(index_, key.bytes, key.hash);
  // An expired key counts as erased already; erasing it will give it this version.
  ShardData* data;
  const uint64_t* const slot = FindSlot(shard, key, &data);
  const bool expired = slot != nullptr && EntryOf(*slot)->IsExpired(now_ms_);
  return version == 0 ? 0 : version + (expired ? 1 : 0);
}

}  // namespace duet::store
