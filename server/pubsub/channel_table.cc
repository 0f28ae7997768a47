#include "server/pubsub/channel_table.h"

#include "absl/hash/hash.h"

#include "server/base/absl_view.h"
#include "server/base/check.h"
#include "server/base/glob.h"
#include "server/pubsub/push_message.h"

namespace duet::pubsub {
namespace {

// A table that most has been erased from gives its memory back.
template <typename Table>
void ShrinkIfSparse(Table& table) {
  constexpr size_t kKept = 64;
  if (table.capacity() > kKept && table.size() < table.capacity() / 8) table.rehash(0);
}

template <typename Listeners>
size_t SendAll(const Listeners& listeners, const Message& message, const MailboxLimits& limits,
               int64_t now_ms) {
  size_t received = 0;
  for (const Receiver& listener : listeners) {
    if (listener->Send(message, limits, now_ms)) ++received;
  }
  return received;
}

}  // namespace

// The analysis knows no set of mutexes.
class ChannelTable::AllShards {
 public:
  explicit AllShards(ChannelTable& table) ABSL_NO_THREAD_SAFETY_ANALYSIS : table_(table) {
    for (Shard& shard : table_.shards_) shard.mutex.Lock();
  }
  ~AllShards() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (Shard& shard : table_.shards_) shard.mutex.Unlock();
  }
  AllShards(const AllShards&) = delete;
  AllShards& operator=(const AllShards&) = delete;

 private:
  ChannelTable& table_;
};

ChannelTable::Shard& ChannelTable::ShardOf(std::string_view channel) {
  // The upper bits, since the shard's own table takes the lower ones.
  const uint64_t hash = absl::HashOf(AbslView(channel));
  return shards_[(hash >> 32) % kShards];
}

void ChannelTable::AddTo(Names& names, std::string_view name, const Receiver& receiver) {
  const bool is_new = names[AbslView(name)].insert(receiver).second;
  DUET_CHECK(is_new, "a receiver listens twice");
}

void ChannelTable::RemoveFrom(Names& names, std::string_view name, const Receiver& receiver) {
  const auto found = names.find(AbslView(name));
  DUET_CHECK(found != names.end() && found->second.erase(receiver) == 1,
             "a receiver does not listen");
  if (!found->second.empty()) return ShrinkIfSparse(found->second);
  names.erase(found);
  ShrinkIfSparse(names);
}

void ChannelTable::Add(std::string_view channel, const Receiver& receiver) {
  Shard& shard = ShardOf(channel);
  absl::MutexLock lock(&shard.mutex);
  const size_t before = shard.channels.size();
  AddTo(shard.channels, channel, receiver);
  channel_count_.fetch_add(shard.channels.size() - before, std::memory_order_relaxed);
}

void ChannelTable::Remove(std::string_view channel, const Receiver& receiver) {
  Shard& shard = ShardOf(channel);
  absl::MutexLock lock(&shard.mutex);
  const size_t before = shard.channels.size();
  RemoveFrom(shard.channels, channel, receiver);
  channel_count_.fetch_sub(before - shard.channels.size(), std::memory_order_relaxed);
}

void ChannelTable::AddPattern(std::string_view pattern, const Receiver& receiver) {
  AllShards locked(*this);
  AddTo(patterns_, pattern, receiver);
  pattern_count_.store(patterns_.size(), std::memory_order_relaxed);
}

void ChannelTable::RemovePatterns(std::span<const std::string> patterns, const Receiver& receiver) {
  if (patterns.empty()) return;
  AllShards locked(*this);
  for (const std::string& pattern : patterns) RemoveFrom(patterns_, pattern, receiver);
  pattern_count_.store(patterns_.size(), std::memory_order_relaxed);
}

size_t ChannelTable::Publish(std::string_view channel, std::string_view payload,
                             const MailboxLimits& limits, int64_t now_ms) {
  Shard& shard = ShardOf(channel);
  absl::MutexLock lock(&shard.mutex);
  size_t received = 0;
  if (const auto found = shard.channels.find(AbslView(channel)); found != shard.channels.end()) {
    const Message message = EncodePush({kind_, channel, payload});
    received += SendAll(found->second, message, limits, now_ms);
  }
  for (const auto& [pattern, listeners] : patterns_) {
    if (!GlobMatch(pattern, channel)) continue;
    const Message message = EncodePush({"pmessage", pattern, channel, payload});
    received += SendAll(listeners, message, limits, now_ms);
  }
  return received;
}

std::vector<std::string> ChannelTable::Channels(std::string_view glob) const {
  std::vector<std::string> channels;
  for (const Shard& shard : shards_) {
    absl::MutexLock lock(&shard.mutex);
    for (const auto& [channel, listeners] : shard.channels) {
      if (GlobMatch(glob, channel)) channels.push_back(channel);
    }
  }
  return channels;
}

size_t ChannelTable::ListenerCount(std::string_view channel) const {
  const Shard& shard = ShardOf(channel);
  absl::MutexLock lock(&shard.mutex);
  const auto found = shard.channels.find(AbslView(channel));
  return found == shard.channels.end() ? 0 : found->second.size();
}

}  // namespace duet::pubsub
