#include "server/pubsub/subscriber.h"

#include <algorithm>
#include <utility>

#include "server/base/absl_view.h"
#include "server/base/check.h"

namespace duet::pubsub {

bool Subscriber::Subscribe(Hub& hub, const Receiver& receiver, Topic topic, std::string_view name) {
  DUET_DCHECK(hub_ == nullptr || (hub_ == &hub && receiver_ == receiver), "one receiver, one hub");
  hub_ = &hub;
  receiver_ = receiver;
  if (!names_of(topic).emplace(name, next_place_).second) return false;
  ++next_place_;
  name_bytes_ += name.size();
  Count(topic);
  if (topic == Topic::kPattern) {
    TableOf(topic).AddPattern(name, receiver_);
  } else {
    TableOf(topic).Add(name, receiver_);
  }
  return true;
}

bool Subscriber::Unsubscribe(Topic topic, std::string_view name) {
  const std::string text(name);
  if (names_of(topic).erase(text) == 0) return false;
  name_bytes_ -= name.size();
  Count(topic);
  if (topic == Topic::kPattern) {
    TableOf(topic).RemovePatterns({&text, 1}, receiver_);
  } else {
    TableOf(topic).Remove(text, receiver_);
  }
  return true;
}

void Subscriber::UnsubscribeAll() {
  if (total() == 0) return;
  for (const Topic topic : {Topic::kChannel, Topic::kShardChannel}) {
    for (const auto& [name, place] : names_of(topic)) TableOf(topic).Remove(name, receiver_);
  }
  // The patterns at once: each removal would hold up every publisher.
  TableOf(Topic::kPattern).RemovePatterns(names(Topic::kPattern), receiver_);
  for (const Topic topic : {Topic::kChannel, Topic::kPattern, Topic::kShardChannel}) {
    Names().swap(names_of(topic));
    Count(topic);
  }
  name_bytes_ = 0;
}

bool Subscriber::ListensTo(Topic topic, std::string_view name) const {
  return names_[static_cast<size_t>(topic)].contains(AbslView(name));
}

std::vector<std::string> Subscriber::names(Topic topic) const {
  std::vector<std::pair<uint64_t, std::string>> placed;
  for (const auto& [name, place] : names_[static_cast<size_t>(topic)]) {
    placed.emplace_back(place, name);
  }
  std::ranges::sort(placed);
  std::vector<std::string> names;
  for (auto& [place, name] : placed) names.push_back(std::move(name));
  return names;
}

}  // namespace duet::pubsub
