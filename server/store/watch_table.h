// The watched keys of one shard, of all databases, with a version that grows with each change.
// Exists only while there are some. Thread-compatible: guarded by the shard's lock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace duet::store {

class WatchTable {
 public:
  bool empty() const { return by_hash_.empty(); }

  // Starts watching, once more if it is watched already, and returns the version.
  uint64_t Add(int database, std::string_view key, uint64_t hash);
  void Remove(int database, std::string_view key, uint64_t hash);
  // 0: nobody watches it.
  uint64_t Version(int database, std::string_view key, uint64_t hash) const;
  void Changed(int database, std::string_view key, uint64_t hash);
  // Calls changed(database, key, hash) for each, and counts a change where it says true.
  template <typename Predicate>
  void ChangedIf(Predicate changed) {
    for (auto& [hash, watched] : by_hash_) {
      if (changed(watched.database, std::string_view(watched.key), hash)) ++watched.version;
    }
  }

 private:
  struct Watched {
    int database;
    std::string key;
    uint64_t version;
    uint64_t watchers;
  };
  // By hash, so that looking up allocates nothing.
  using Map = std::unordered_multimap<uint64_t, Watched>;

  Map::iterator Find(int database, std::string_view key, uint64_t hash);

  Map by_hash_;
};

}  // namespace duet::store
