// Whoever wants to hear of keys that change: invalidations of clients' caches, keyspace
// notifications of what nobody commanded.
//
// Called under the lock of the key's shard, by whatever thread holds it: what it does must be
// short, and must not touch the store.
#pragma once

#include <cstdint>
#include <string_view>

namespace duet::store {

// Who is the cause of a change: Database is told. 0: nobody (expiry, eviction).
using Origin = uint64_t;

class KeyObserver {
 public:
  // The key was set, changed in any way, or has gone. A flushed or swapped database is not told of
  // key by key.
  virtual void KeyChanged(int database, std::string_view key, Origin origin) = 0;
  // The key was not there, or was overwritten by a move or copy, and is now; after KeyChanged.
  virtual void KeyAdded(int database, std::string_view key) = 0;
  // The key was removed because its time had come. Follows KeyChanged, or comes before it where a
  // command writes the key anew.
  virtual void KeyExpired(int database, std::string_view key) = 0;
  // The key was removed because memory was short. Follows KeyChanged.
  virtual void KeyEvicted(int database, std::string_view key) = 0;

 protected:
  ~KeyObserver() = default;
};

}  // namespace duet::store
