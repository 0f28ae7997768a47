// Client-side caching: clients that keep copies of what they read, and are told when it changes.
//
// A client that tracks (CLIENT TRACKING ON) is told of a key that it has read, once, when the key
// is changed, expires or is evicted; the table of who has read what is bounded, and a key that
// falls out of it counts as changed. With BCAST nothing is remembered, and the client is told of
// every change of keys with its prefixes. What a client itself has changed, it is told of behind
// the reply; with NOLOOP not at all. After a flush or a swap of databases all keys are invalid.
//
// A read remembers its keys, and a change takes them out, under the lock of the key's shard: no
// change falls between what a client has read and what is known of it.
//
// Source: https://redis.io/docs/latest/develop/reference/client-side-caching/
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "server/api/argv.h"
#include "server/commands/call.h"
#include "server/commands/key_observers.h"
#include "server/commands/server_context.h"
#include "server/commands/session.h"
#include "server/commands/tracked_keys.h"
#include "server/commands/tracked_prefixes.h"
#include "server/store/key_observer.h"

namespace duet::commands {

class Invalidation;

// Thread-safe, but for the session that a call is about: that is its worker's.
class Tracking final : public store::KeyObserver {
 public:
  // Both outlive it. No session tracks any more when it is destroyed.
  Tracking(ServerContext& server, KeyObservers& observers)
      : server_(server), observers_(observers) {}

  // The session tracks from now on, with these TrackingOptions; `prefixes` are added to those that
  // it has. `redirect`: as ClientCaching's.
  void Start(Session& session, uint32_t options, uint64_t redirect, Argv prefixes)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Stop(Session& session) ABSL_LOCKS_EXCLUDED(mutex_);

  // Remembers what a command that was executed has read. REQUIRES: its session is kTracks; the
  // shards of its keys are still locked.
  void Remember(const Call& call);
  // All keys are invalid (FLUSHALL, SWAPDB), for each client that tracks.
  void InvalidateAll();

  // What has changed since the last call, for clients that track by prefix. Called at the end of a
  // batch, without locks.
  void TellPrefixes() {
    if (prefixes_.pending()) [[unlikely]]
      TellPrefixesNow();
  }
  // tracking-table-max-keys; 0: any number. What is beyond goes soon (EnforceLimit).
  void set_max_keys(uint64_t max) { max_keys_.store(max, std::memory_order_relaxed); }
  // Called from time to time, and after each key that is remembered.
  void EnforceLimit();

  size_t keys() const { return keys_.keys(); }
  size_t items() const { return keys_.items(); }
  size_t prefixes() const { return prefixes_.size(); }

  void KeyChanged(int database, std::string_view key, store::Origin origin) override;
  void KeyAdded(int, std::string_view) override {}
  void KeyExpired(int, std::string_view) override {}
  void KeyEvicted(int, std::string_view) override {}

 private:
  void TellPrefixesNow();
  void InvalidateFor(const TrackedKeys::Ids& clients, std::string_view key, store::Origin origin);
  void Send(uint64_t client, Invalidation& what);
  void SendRedirected(uint64_t client, uint64_t redirect, Invalidation& what);

  ServerContext& server_;
  KeyObservers& observers_;
  TrackedKeys keys_;
  TrackedPrefixes prefixes_;
  std::atomic<uint64_t> max_keys_{1'000'000};
  absl::Mutex mutex_;
  size_t clients_ ABSL_GUARDED_BY(mutex_) = 0;  // sessions that track
};

}  // namespace duet::commands
