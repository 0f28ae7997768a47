// A store with a turned clock, and one-line operations that lock for themselves.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

#include "server/store/database.h"
#include "server/store/shard_locks.h"
#include "server/store/store.h"

namespace duet::store {

inline StoreOptions SmallStore(int shard_bits = 2) {
  return StoreOptions{.shard_bits = shard_bits, .hash_seed = 42};
}

class StoreFixture {
 public:
  explicit StoreFixture(const StoreOptions& options = SmallStore()) : store(options) {}

  // Calls use(Database&, const Key&) with the key's shard locked.
  template <typename Use>
  auto With(int database, std::string_view bytes, Use use) {
    const Key key = store.MakeKey(bytes);
    ShardLocks locks(store);
    locks.Lock(key);
    Database db(store, locks, database, now_ms);
    return use(db, key);
  }
  void Set(std::string_view key, std::string_view value, int64_t expire_at_ms = kNoExpiry,
           int database = 0) {
    With(database, key, [&](Database& db, const Key& k) { db.SetString(k, value, expire_at_ms); });
  }
  std::optional<std::string> Get(std::string_view key, int database = 0) {
    return With(database, key, [](Database& db, const Key& k) -> std::optional<std::string> {
      IntegerText scratch;
      const Entry* entry = db.Find(k);
      if (entry == nullptr) return std::nullopt;
      return std::string(entry->StringView(scratch));
    });
  }
  bool Erase(std::string_view key, int database = 0) {
    return With(database, key, [](Database& db, const Key& k) { return db.Erase(k); });
  }
  bool Expire(std::string_view key, int64_t at_ms, int database = 0) {
    return With(database, key, [&](Database& db, const Key& k) { return db.SetExpiry(k, at_ms); });
  }
  // Of a key that exists.
  int64_t ExpiryOf(std::string_view key, int database = 0) {
    return With(database, key,
                [](Database& db, const Key& k) { return db.Find(k)->expire_at_ms(); });
  }
  uint64_t Size(int database = 0) {
    ShardLocks none(store);
    return store.Size(database, none, now_ms);
  }
  uint64_t Scan(uint64_t cursor, size_t count, const Store::Visitor& visit, int database = 0) {
    ShardLocks none(store);
    return store.Scan(database, cursor, count, now_ms, none, visit);
  }
  void Check() { store.CheckInvariants(); }

  Store store;
  int64_t now_ms = 1'000'000;
};

}  // namespace duet::store
