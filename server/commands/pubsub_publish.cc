// Publishing, and what is listened to: PUBLISH, SPUBLISH, PUBSUB.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/help_text.h"
#include "server/pubsub/hub.h"

namespace duet::commands {
namespace {

using pubsub::ChannelTable;

void PublishIn(CommandContext& ctx, ChannelTable& table) {
  const OutputLimit limit = ctx.server.output_limits.Get(ClientClass::kPubsub);
  const size_t received = table.Publish(ctx.args[1], ctx.args[2], limit, ctx.now_ms);
  ctx.reply.Integer(static_cast<int64_t>(received));
}

void Publish(CommandContext& ctx) { PublishIn(ctx, ctx.server.hub->channels); }
void SPublish(CommandContext& ctx) { PublishIn(ctx, ctx.server.hub->shard_channels); }

void ReplyChannels(CommandContext& ctx, const ChannelTable& table) {
  if (ctx.args.size() > 3) return ctx.reply.Error(SubcommandSyntaxError(ctx.args));
  const std::string_view pattern = ctx.args.size() == 3 ? ctx.args[2] : "*";
  const std::vector<std::string> channels = table.Channels(pattern);
  ctx.reply.Array(channels.size());
  for (const std::string& channel : channels) ctx.reply.Bulk(channel);
}

void ReplyListeners(CommandContext& ctx, const ChannelTable& table) {
  const Argv channels = ctx.args.subspan(2);
  ctx.reply.Array(2 * channels.size());
  for (const std::string_view channel : channels) {
    ctx.reply.Bulk(channel);
    ctx.reply.Integer(static_cast<int64_t>(table.ListenerCount(channel)));
  }
}

void PubsubChannels(CommandContext& ctx) { ReplyChannels(ctx, ctx.server.hub->channels); }
void PubsubShardChannels(CommandContext& ctx) {
  ReplyChannels(ctx, ctx.server.hub->shard_channels);
}
void PubsubNumSub(CommandContext& ctx) { ReplyListeners(ctx, ctx.server.hub->channels); }
void PubsubShardNumSub(CommandContext& ctx) { ReplyListeners(ctx, ctx.server.hub->shard_channels); }
void PubsubNumPat(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(ctx.server.hub->channels.pattern_count()));
}

void PubsubHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "CHANNELS [<pattern>]",
      "    Return the currently active channels matching a <pattern> (default: '*').",
      "NUMPAT",
      "    Return number of subscriptions to patterns.",
      "NUMSUB [<channel> ...]",
      "    Return the number of subscribers for the specified channels, excluding",
      "    pattern subscriptions(default: no channels).",
      "SHARDCHANNELS [<pattern>]",
      "    Return the currently active shard level channels matching a <pattern> (default: '*').",
      "SHARDNUMSUB [<shardchannel> ...]",
      "    Return the number of subscribers for the specified shard level channel(s)",
  };
  ReplyHelp(ctx.reply, "PUBSUB", kLines);
}

constexpr uint32_t kAsks = kPubsub | kLoading | kStale;
constexpr uint32_t kPublishes = kAsks | kFast | kMayReplicate;

constexpr CommandSpec kSubcommands[] = {
    {.name = "channels",
     .arity = -2,
     .flags = kAsks,
     .group = "pubsub",
     .since = "2.8.0",
     .summary = "Returns the channels that somebody listens to.",
     .complexity = "O(N) where N is the number of channels.",
     .syntax = "[pattern]",
     .handler = PubsubChannels},
    {.name = "numsub",
     .arity = -2,
     .flags = kAsks,
     .group = "pubsub",
     .since = "2.8.0",
     .summary = "Returns how many clients listen to each of the channels.",
     .complexity = "O(N) where N is the number of channels asked for.",
     .syntax = "[channel [channel ...]]",
     .handler = PubsubNumSub},
    {.name = "numpat",
     .arity = 2,
     .flags = kAsks,
     .group = "pubsub",
     .since = "2.8.0",
     .summary = "Returns the number of different patterns that are listened to.",
     .complexity = "O(1)",
     .handler = PubsubNumPat},
    {.name = "shardchannels",
     .arity = -2,
     .flags = kAsks,
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Returns the shard channels that somebody listens to.",
     .complexity = "O(N) where N is the number of shard channels.",
     .syntax = "[pattern]",
     .handler = PubsubShardChannels},
    {.name = "shardnumsub",
     .arity = -2,
     .flags = kAsks,
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Returns how many clients listen to each of the shard channels.",
     .complexity = "O(N) where N is the number of shard channels asked for.",
     .syntax = "[shardchannel [shardchannel ...]]",
     .handler = PubsubShardNumSub},
    {.name = "help",
     .arity = 2,
     .flags = kLoading | kStale,
     .group = "pubsub",
     .since = "6.2.0",
     .summary = "Describes the subcommands.",
     .complexity = "O(1)",
     .handler = PubsubHelp},
};

constexpr CommandSpec kRows[] = {
    {.name = "publish",
     .arity = 3,
     .flags = kPublishes,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Sends a message to all who listen to a channel, and returns how many got it.",
     .complexity = "O(N+M) where N is the number of clients that listen to the channel and M the "
                   "number of patterns.",
     .syntax = "channel message",
     .handler = Publish},
    {.name = "spublish",
     .arity = 3,
     .flags = kPublishes,
     .channels = {.first = 1, .last = 1, .step = 1, .access = kKeyNotKey},
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Sends a message to all who listen to a shard channel.",
     .complexity = "O(N) where N is the number of clients that listen to the shard channel.",
     .syntax = "shardchannel message",
     .handler = SPublish},
    {.name = "pubsub",
     .arity = -2,
     .group = "pubsub",
     .since = "2.8.0",
     .summary = "Holds the commands about what is listened to.",
     .complexity = "Depends on subcommand.",
     .subcommands = kSubcommands},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> PublishCommands() { return kRows; }

}  // namespace duet::commands
