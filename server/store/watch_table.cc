#include "server/store/watch_table.h"

#include "server/base/check.h"

namespace duet::store {

WatchTable::Map::iterator WatchTable::Find(int database, std::string_view key, uint64_t hash) {
  auto [it, end] = by_hash_.equal_range(hash);
  for (; it != end; ++it) {
    if (it->second.database == database && it->second.key == key) return it;
  }
  return by_hash_.end();
}

uint64_t WatchTable::Add(int database, std::string_view key, uint64_t hash) {
  auto it = Find(database, key, hash);
  if (it == by_hash_.end()) {
    it = by_hash_.emplace(hash, Watched{database, std::string(key), 1, 0});
  }
  ++it->second.watchers;
  return it->second.version;
}

void WatchTable::Remove(int database, std::string_view key, uint64_t hash) {
  const auto it = Find(database, key, hash);
  DUET_CHECK(it != by_hash_.end(), "Unwatch without Watch");
  if (--it->second.watchers == 0) by_hash_.erase(it);
}

uint64_t WatchTable::Version(int database, std::string_view key, uint64_t hash) const {
  const auto it = const_cast<WatchTable*>(this)->Find(database, key, hash);
  return it == by_hash_.end() ? 0 : it->second.version;
}

void WatchTable::Changed(int database, std::string_view key, uint64_t hash) {
  const auto it = Find(database, key, hash);
  if (it != by_hash_.end()) ++it->second.version;
}

}  // namespace duet::store
