#include "server/commands/watched_keys.h"

#include <algorithm>

namespace duet::commands {

uint64_t WatchedKeys::BytesOf(std::string_view key) {
  constexpr uint64_t kNodeBytes = 48;  // what a node of std::map takes beside its value
  return kNodeBytes + sizeof(Map::value_type) + key.size();
}

void WatchedKeys::Add(store::Database& database, const store::Key& key) {
  const auto [place, added] =
      keys_.try_emplace({database.index(), std::string(key.bytes)}, Watched{key.hash, 0});
  if (!added) return;
  place->second.version = database.Watch(key);
  bytes_ += BytesOf(key.bytes);
}

bool WatchedKeys::Changed(const store::ShardLocks& locks, int64_t now_ms) const {
  return std::ranges::any_of(keys_, [&](const Map::value_type& item) {
    const store::Database database(store_, locks, item.first.first, now_ms);
    return database.WatchedVersion(KeyOf(item)) != item.second.version;
  });
}

void WatchedKeys::Clear(const store::ShardLocks& locks) {
  for (const Map::value_type& item : keys_) {
    store::Database(store_, locks, item.first.first, /*now_ms=*/0).Unwatch(KeyOf(item));
  }
  keys_.clear();
  bytes_ = 0;
}

void WatchedKeys::Clear() {
  for (const Map::value_type& item : keys_) {
    store::ShardLocks locks(store_);
    locks.Lock(KeyOf(item));
    store::Database(store_, locks, item.first.first, /*now_ms=*/0).Unwatch(KeyOf(item));
  }
  keys_.clear();
  bytes_ = 0;
}

}  // namespace duet::commands
