// Who listens to which channel, and the way of a message to all of them.
//
// Design. The channels are spread by hash over shards, each with a mutex of its own, so that
// publishers on different channels do not meet. The patterns are one list: whoever reads it holds
// the mutex of any one shard, whoever changes it holds those of all. So a publisher takes one mutex
// and keeps it until the message is in every mailbox:
//   1. two messages on a channel come to all their receivers in the same order;
//   2. a receiver that has been removed gets nothing any more.
// A channel is in the table while somebody listens to it, and no longer; a pattern likewise.
//
// Lock order: a shard lock of the store (key events are published under one), then a shard here, or
// all of them in ascending order, then a mailbox, then its bell. Nothing in this folder takes a
// lock of the store, or calls anybody who might.
//
// Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"

#include "server/pubsub/mailbox.h"

namespace duet::pubsub {

// Where a client's messages go. Its address is its identity.
using Receiver = std::shared_ptr<Mailbox>;

class ChannelTable {
 public:
  // `kind`: the first word of what the receivers of a channel get ("message"). Outlives the table.
  explicit ChannelTable(std::string_view kind) : kind_(kind) {}
  ChannelTable(const ChannelTable&) = delete;
  ChannelTable& operator=(const ChannelTable&) = delete;

  // REQUIRES: `receiver` does not listen to `channel`.
  void Add(std::string_view channel, const Receiver& receiver);
  // REQUIRES: it does.
  void Remove(std::string_view channel, const Receiver& receiver);
  // The same for patterns (server/base/glob.h).
  void AddPattern(std::string_view pattern, const Receiver& receiver);
  void RemovePatterns(std::span<const std::string> patterns, const Receiver& receiver);

  // Sends to all who listen to `channel`, {kind, channel, payload}, and to patterns that match it,
  // {"pmessage", pattern, channel, payload}. Returns how often it was received; a mailbox that is
  // closed, or is full and closes, does not count.
  size_t Publish(std::string_view channel, std::string_view payload, const MailboxLimits& limits,
                 int64_t now_ms);

  // The channels that somebody listens to (not by a pattern) and that `glob` matches, in any order.
  std::vector<std::string> Channels(std::string_view glob) const;
  // How many listen to `channel`, not by a pattern.
  size_t ListenerCount(std::string_view channel) const;
  size_t channel_count() const { return channel_count_.load(std::memory_order_relaxed); }
  size_t pattern_count() const { return pattern_count_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kShards = 64;

  using Listeners = absl::flat_hash_set<Receiver>;
  using Names = absl::flat_hash_map<std::string, Listeners>;

  struct alignas(64) Shard {
    mutable absl::Mutex mutex;
    Names channels ABSL_GUARDED_BY(mutex);
  };

  // Holds the mutex of every shard.
  class AllShards;

  static void AddTo(Names& names, std::string_view name, const Receiver& receiver);
  static void RemoveFrom(Names& names, std::string_view name, const Receiver& receiver);
  Shard& ShardOf(std::string_view channel);
  const Shard& ShardOf(std::string_view channel) const {
    return const_cast<ChannelTable*>(this)->ShardOf(channel);
  }

  const std::string_view kind_;
  std::array<Shard, kShards> shards_;
  Names patterns_;  // read under one shard's mutex, changed under all
  std::atomic<size_t> channel_count_{0};
  std::atomic<size_t> pattern_count_{0};
};

}  // namespace duet::pubsub
