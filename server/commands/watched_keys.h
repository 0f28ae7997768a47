// The keys that one session watches, in whichever databases, each with the version that it had when
// the watch began. The store counts the versions while somebody watches (Database::Watch).
//
// Thread-compatible: belongs to its session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "server/store/database.h"
#include "server/store/shard_locks.h"
#include "server/store/store.h"

namespace duet::commands {

class WatchedKeys {
 public:
  // `store` outlives it.
  explicit WatchedKeys(store::Store& store) : store_(store) {}
  // As Clear().
  ~WatchedKeys() { Clear(); }
  WatchedKeys(const WatchedKeys&) = delete;
  WatchedKeys& operator=(const WatchedKeys&) = delete;

  // Watches `key`, unless it does so already: a change since then still counts.
  // REQUIRES: the key's shard is locked, as Database asks for.
  void Add(store::Database& database, const store::Key& key);
  // Has one of the keys changed since it was added? REQUIRES: `locks` holds the shards of all.
  bool Changed(const store::ShardLocks& locks, int64_t now_ms) const;
  // Watches nothing any more.
  // REQUIRES: `locks` holds the shards of all.
  void Clear(const store::ShardLocks& locks);
  // REQUIRES: the calling thread holds no shard, or there are no keys.
  void Clear();

  // Appends the keys; valid until the next Clear.
  template <typename Keys>
  void AppendTo(Keys& keys) const {
    for (const auto& [place, watched] : keys_) keys.push_back({place.second, watched.hash});
  }
  size_t size() const { return keys_.size(); }
  // What they take, and what one more key would add, about.
  uint64_t bytes() const { return bytes_; }
  static uint64_t BytesOf(std::string_view key);

 private:
  struct Watched {
    uint64_t hash;
    uint64_t version;
  };
  using Place = std::pair<int, std::string>;  // database, key
  using Map = std::map<Place, Watched>;

  static store::Key KeyOf(const Map::value_type& item) {
    return {item.first.second, item.second.hash};
  }

  store::Store& store_;
  Map keys_;
  uint64_t bytes_ = 0;
};

}  // namespace duet::commands
