// One database, as a handler sees it: the shards of its keys are locked by the dispatcher.
//
// An expired key is missing to every method; Find and the mutating ones erase it first. Pointers
// and views are valid until the next mutating call on the same key, and never past the locks.
// REQUIRES, for every method: the shard of `key` is locked (debug builds assert it).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "server/store/access_rule.h"
#include "server/store/key_observer.h"
#include "server/store/store.h"

namespace duet::store {

class Shard;
struct ShardData;

class Database {
 public:
  // `origin`: what the observer is told of changes made through this object. `access`: how what is
  // done through it shows in the access bits of entries; null: not at all.
  Database(Store& store, const ShardLocks& locks, int index, int64_t now_ms, Origin origin = 0,
           AccessRule* access = nullptr)
      : store_(&store),
        locks_(&locks),
        access_(access),
        index_(index),
        now_ms_(now_ms),
        origin_(origin) {}

  int index() const { return index_; }
  int64_t now_ms() const { return now_ms_; }
  // The same locks and time, another database (COPY, MOVE).
  Database Sibling(int index) const;

  // Reads, which is a use of the entry. nullptr: missing or expired. What has expired is erased,
  // unless the keys have to stay as they are (KeepExpired).
  const Entry* Find(const Key& key);
  void KeepExpired() { keeps_expired_ = true; }

  // Writes. Each counts into changes() if it changed something.
  //
  // Sets `key` to the string `value`; one that Redis would hold as an integer (canonical decimal
  // int64) is held as an integer. `expire_at_ms`: kNoExpiry for none. A time that has passed erases
  // the key instead. Overwrites any type.
  void SetString(const Key& key, std::string_view value, int64_t expire_at_ms);
  // As SetString, keeping the expiry that the key has.
  void SetStringKeepExpiry(const Key& key, std::string_view value);
  void SetIntegerKeepExpiry(const Key& key, int64_t value);  // in place where the key is an integer
  // As SetStringKeepExpiry, but held as bytes even where they are those of an integer.
  void SetBytesKeepExpiry(const Key& key, std::string_view value);
  // Makes the string at `key` (created empty where missing) `size` bytes long, as raw bytes, keeps
  // what it held, zero-fills the rest, keeps the expiry, and returns the bytes to write into.
  // Over-allocates so that repeated appends are amortised.
  // REQUIRES: the key is missing or a string; size > 0.
  std::span<char> ResizeString(const Key& key, size_t size);
  bool Erase(const Key& key);  // false: was missing
  // As Erase, because memory is short and not because somebody asked for it.
  bool Evict(const Key& key);
  // kNoExpiry removes the expiry; a time that has passed erases the key. false: no such key.
  bool SetExpiry(const Key& key, int64_t expire_at_ms);
  // Moves the value with its expiry to `to` in database `target`, over what is there.
  // REQUIRES: `from` exists, and (from, index()) differs from (to, target.index()).
  void Rename(const Key& from, Database& target, const Key& to);
  // As Rename, and `from` stays. Counts into this object's changes(), as Rename does.
  void Copy(const Key& from, Database& target, const Key& to);

  // Sets the access bits of the entry at `key`, if there is one; that is no change.
  void SetAccess(const Key& key, uint16_t bits);

  // Changes made through this object.
  uint64_t changes() const { return changes_; }

  // WATCH. The version of a watched key grows with every change of it, expiry and flush included;
  // keys that nobody watches cost nothing. Each Watch is paired with one Unwatch.
  uint64_t Watch(const Key& key);  // returns the version now
  void Unwatch(const Key& key);
  uint64_t WatchedVersion(const Key& key) const;  // 0: nobody watches it

 private:
  Shard& LockedShard(const Key& key) const;  // asserts that the lock is held
  uint64_t* FindSlot(Shard& shard, const Key& key, ShardData** data) const;
  // As FindSlot, for writers: erases the key first if it has expired.
  uint64_t* FindLiveSlot(Shard& shard, const Key& key, ShardData** data);
  void Use(Entry& entry) const;
  void CountUse(Entry& entry) const;  // of a rule that has after_use
  uint16_t FreshAccess() const { return access_ == nullptr ? 0 : access_->fresh; }
  void Put(Shard& shard, ShardData& data, uint64_t* slot, Entry* entry, const Key& key);
  template <typename Assign, typename Make>
  void Write(const Key& key, bool keep_expiry, int64_t expire_at_ms, Assign assign, Make make);
  void Overwrite(Database& target, const Key& to, Entry* entry);

  Store* store_;
  const ShardLocks* locks_;
  AccessRule* access_;
  mutable const Entry* used_ = nullptr;  // the last one that CountUse saw
  int index_;
  int64_t now_ms_;
  Origin origin_;
  bool keeps_expired_ = false;
  uint64_t changes_ = 0;
};

}  // namespace duet::store
