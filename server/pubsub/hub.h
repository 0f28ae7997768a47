// Everything that is published: channels with their patterns, and shard channels.
//
// Thread-safe; lock order in channel_table.h.
#pragma once

#include <string_view>

#include "server/pubsub/channel_table.h"

namespace duet::pubsub {

struct Hub {
  ChannelTable channels{"message"};
  ChannelTable shard_channels{"smessage"};  // has no patterns
};

}  // namespace duet::pubsub
