// What one client listens to. At its end it is taken out of everything.
//
// Thread class: worker-bound, as its session; any thread may read the counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "server/base/relaxed.h"
#include "server/pubsub/hub.h"

namespace duet::pubsub {

enum class Topic : uint8_t { kChannel, kPattern, kShardChannel };
inline constexpr size_t kTopics = 3;

class Subscriber {
 public:
  Subscriber() = default;
  ~Subscriber() { UnsubscribeAll(); }
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  // False: it listens to that already. `hub` outlives the subscriber, and with `receiver` is the
  // same at each call.
  bool Subscribe(Hub& hub, const Receiver& receiver, Topic topic, std::string_view name);
  // Nothing of `name` comes to the receiver after it. False: it did not listen to that.
  bool Unsubscribe(Topic topic, std::string_view name);
  void UnsubscribeAll();

  // In the order in which it subscribed to them.
  std::vector<std::string> names(Topic topic) const;
  bool ListensTo(Topic topic, std::string_view name) const;
  uint32_t count(Topic topic) const { return counts_[static_cast<size_t>(topic)]; }
  uint32_t total() const {
    return count(Topic::kChannel) + count(Topic::kPattern) + count(Topic::kShardChannel);
  }
  // Length of the names of all that it listens to.
  uint64_t name_bytes() const { return name_bytes_; }

 private:
  using Names = absl::flat_hash_map<std::string, uint64_t>;  // with the place in the order

  Names& names_of(Topic topic) { return names_[static_cast<size_t>(topic)]; }
  ChannelTable& TableOf(Topic topic) {
    return topic == Topic::kShardChannel ? hub_->shard_channels : hub_->channels;
  }
  void Count(Topic topic) {
    counts_[static_cast<size_t>(topic)] = static_cast<uint32_t>(names_of(topic).size());
  }

  Hub* hub_ = nullptr;  // from the first subscription on
  Receiver receiver_;
  uint64_t next_place_ = 0;
  std::array<Names, kTopics> names_;  // by Topic
  std::array<Relaxed<uint32_t>, kTopics> counts_;
  uint64_t name_bytes_ = 0;
};

}  // namespace duet::pubsub
