// Which clients have read which keys, and so may hold a copy of them.
//
// Keys are known by their names only, whatever the database: a client is told once too often rather
// than not at all. (Redis' table does the same.)
//
// Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"

namespace duet::commands {

class TrackedKeys {
 public:
  using Ids = absl::InlinedVector<uint64_t, 2>;
  struct Taken {
    std::string key;
    Ids clients;
  };

  // The client has read the key. `tracks` says of an id whether that client still tracks keys:
  // those that do not are forgotten when a key's list would grow, so that clients that come and go
  // do not pile up behind a key that never changes. It is called under a lock of the table.
  void Add(std::string_view key, uint64_t client, absl::FunctionRef<bool(uint64_t)> tracks);
  // The clients that have read the key; forgets them.
  Ids Take(std::string_view key);
  // Any key, while there are more than `max_keys`. Empty: there are not.
  Taken TakeBeyond(size_t max_keys);
  void Clear();

  size_t keys() const { return keys_.load(std::memory_order_relaxed); }
  // Pairs of key and client.
  size_t items() const { return items_.load(std::memory_order_relaxed); }

 private:
  // A part of the table with a lock of its own.
  struct Part {
    absl::Mutex mutex;
    absl::flat_hash_map<std::string, Ids> clients ABSL_GUARDED_BY(mutex);
  };
  static constexpr size_t kParts = 16;

  Part& PartOf(std::string_view key);
  void CountTaken(const Ids& clients);

  std::array<Part, kParts> parts_;
  std::atomic<size_t> keys_{0};
  std::atomic<size_t> items_{0};
  std::atomic<size_t> next_part_{0};  // where TakeBeyond looks first
};

}  // namespace duet::commands
