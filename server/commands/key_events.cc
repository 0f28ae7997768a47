#include "server/commands/key_events.h"

#include <string>

#include "absl/strings/str_cat.h"

#include "server/pubsub/hub.h"

namespace duet::commands {
namespace {

std::string ChannelName(const char* space, int database, std::string_view of) {
  std::string name = absl::StrCat("__", space, "@", database, "__:");
  name += of;
  return name;
}

}  // namespace

void PublishKeyEvent(ServerContext& server, KeyEvent kind, std::string_view event,
                     std::string_view key, int database) {
  const uint32_t events = server.key_events.load(std::memory_order_relaxed);
  if ((events & kind) == 0) return;
  const OutputLimit limit = server.output_limits.Get(ClientClass::kPubsub);
  const int64_t now_ms = server.clock->WallMs();
  pubsub::ChannelTable& channels = server.hub->channels;
  if ((events & kOnKeyspace) != 0) {
    channels.Publish(ChannelName("keyspace", database, key), event, limit, now_ms);
  }
  if ((events & kOnKeyevent) != 0) {
    channels.Publish(ChannelName("keyevent", database, event), key, limit, now_ms);
  }
}

}  // namespace duet::commands
