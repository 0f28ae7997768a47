// Clients that want to hear of every key with a prefix (CLIENT TRACKING BCAST), and the keys that
// have changed since they were told last.
//
// A change only takes note of the key; the one who caused it tells all clients at the end of its
// batch of commands, before its replies are sent. So a command or batch that changes many keys
// costs each client one message, and who has seen the reply knows that the messages are under way.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"

#include "server/store/key_observer.h"

namespace duet::commands {

class TrackedPrefixes {
 public:
  // Keys, each with who changed it last.
  using Changed = absl::flat_hash_map<std::string, store::Origin>;

  void Add(std::string_view prefix, uint64_t client) ABSL_LOCKS_EXCLUDED(mutex_);
  void Remove(std::string_view prefix, uint64_t client) ABSL_LOCKS_EXCLUDED(mutex_);

  void KeyChanged(std::string_view key, store::Origin origin) ABSL_LOCKS_EXCLUDED(mutex_);
  // Is there something to tell, or is somebody at it?
  bool pending() const { return state_.load(std::memory_order_acquire) != 0; }
  // Calls `tell` for each client and prefix with the keys that have changed. When it returns, what
  // had changed before the call was told, by this thread or another.
  void Tell(absl::FunctionRef<void(uint64_t client, const Changed&)> tell)
      ABSL_LOCKS_EXCLUDED(telling_, mutex_);

  // Prefixes that somebody wants to hear of.
  size_t size() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Prefix {
    absl::flat_hash_set<uint64_t> clients;  // under mutex_ of the table
    absl::Mutex mutex;
    Changed changed ABSL_GUARDED_BY(mutex);
  };
  enum State : uint32_t { kChanges = 1u << 0, kTells = 1u << 1 };

  absl::Mutex telling_;
  mutable absl::Mutex mutex_ ABSL_ACQUIRED_AFTER(telling_);
  absl::flat_hash_map<std::string, std::unique_ptr<Prefix>> prefixes_ ABSL_GUARDED_BY(mutex_);
  // How many prefixes are so long: a key is looked up once a length, not compared with each prefix.
  std::map<size_t, size_t> lengths_ ABSL_GUARDED_BY(mutex_);
  std::atomic<uint32_t> state_{0};  // State
};

}  // namespace duet::commands
