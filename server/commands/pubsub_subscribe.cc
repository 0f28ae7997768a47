// Listening: SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE and how each ends.
//
// Each channel is confirmed by a push of its own, so that these commands have as many replies as
// they name channels. The confirmation that a channel is left comes behind every message from it.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"

#include "server/base/absl_view.h"
#include "server/base/limits.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"

namespace duet::commands {
namespace {

using pubsub::Topic;

// What a confirmation says that the client still listens to; shard channels count apart.
int64_t CountFor(const pubsub::Subscriber& subscriber, Topic topic) {
  if (topic == Topic::kShardChannel) return subscriber.count(topic);
  return int64_t{subscriber.count(Topic::kChannel)} + subscriber.count(Topic::kPattern);
}

// Begins the push {"subscribe", name, count}; the name and EndConfirmation follow.
void BeginConfirmation(CommandContext& ctx) {
  ctx.reply.Push(3);
  ctx.reply.Bulk(ctx.spec.name);
}
void EndConfirmation(CommandContext& ctx, Topic topic) {
  ctx.reply.Integer(CountFor(ctx.session.subscriber, topic));
}

// True if the client may listen to all of these as well; else writes the error. One that it listens
// to already, or that is named twice, is no further one.
bool MayListenTo(CommandContext& ctx, Topic topic, Argv names) {
  const pubsub::Subscriber& subscriber = ctx.session.subscriber;
  const Limits& limits = *ctx.server.limits;
  uint64_t bytes = subscriber.name_bytes();
  absl::flat_hash_set<absl::string_view> added;
  for (const std::string_view name : names) {
    if (subscriber.ListensTo(topic, name) || !added.insert(AbslView(name)).second) continue;
    bytes += name.size();
  }
  std::string most;
  if (subscriber.total() + added.size() > limits.max_subscriptions) {
    most = std::to_string(limits.max_subscriptions) + " channels and patterns";
  } else if (bytes > limits.max_subscription_bytes) {
    most = std::to_string(limits.max_subscription_bytes) + " bytes of channel and pattern names";
  } else {
    return true;
  }
  ctx.reply.Error(MakeError(ErrorCode::kLimit, "ERR a client may listen to at most " + most));
  return false;
}

void Listen(CommandContext& ctx, Topic topic) {
  const Argv names = ctx.args.subspan(1);
  if (!MayListenTo(ctx, topic, names)) return;
  Session& session = ctx.session;
  for (const std::string_view name : names) {
    session.subscriber.Subscribe(*ctx.server.hub, session.mailbox, topic, name);
    session.set(kSubscribed, true);
    BeginConfirmation(ctx);
    ctx.reply.Bulk(name);
    EndConfirmation(ctx, topic);
  }
}

void StopListening(CommandContext& ctx, Topic topic, std::string_view name) {
  Session& session = ctx.session;
  session.subscriber.Unsubscribe(topic, name);
  session.set(kSubscribed, session.subscriber.total() > 0);
  session.DeliverMail();
  BeginConfirmation(ctx);
  ctx.reply.Bulk(name);
  EndConfirmation(ctx, topic);
}

// From the channels that are named, else from all of that kind.
void StopListening(CommandContext& ctx, Topic topic) {
  const Argv names = ctx.args.subspan(1);
  for (const std::string_view name : names) StopListening(ctx, topic, name);
  if (!names.empty()) return;
  const std::vector<std::string> all = ctx.session.subscriber.names(topic);
  for (const std::string& name : all) StopListening(ctx, topic, name);
  if (!all.empty()) return;
  BeginConfirmation(ctx);
  ctx.reply.Null();
  EndConfirmation(ctx, topic);
}

void Subscribe(CommandContext& ctx) { Listen(ctx, Topic::kChannel); }
void PSubscribe(CommandContext& ctx) { Listen(ctx, Topic::kPattern); }
void SSubscribe(CommandContext& ctx) { Listen(ctx, Topic::kShardChannel); }
void Unsubscribe(CommandContext& ctx) { StopListening(ctx, Topic::kChannel); }
void PUnsubscribe(CommandContext& ctx) { StopListening(ctx, Topic::kPattern); }
void SUnsubscribe(CommandContext& ctx) { StopListening(ctx, Topic::kShardChannel); }

constexpr uint32_t kFlags =
    kPubsub | kNoScript | kLoading | kStale | kConnectionOnly | kWhileSubscribed;
constexpr KeySpec kShardChannels = {.first = 1, .last = -1, .step = 1, .access = kKeyNotKey};

constexpr CommandSpec kRows[] = {
    {.name = "subscribe",
     .arity = -2,
     .flags = kFlags,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Listens to channels.",
     .complexity = "O(N) where N is the number of channels.",
     .syntax = "channel [channel ...]",
     .handler = Subscribe},
    {.name = "psubscribe",
     .arity = -2,
     .flags = kFlags,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Listens to channels that match patterns.",
     .complexity = "O(N) where N is the number of patterns.",
     .syntax = "pattern [pattern ...]",
     .handler = PSubscribe},
    {.name = "ssubscribe",
     .arity = -2,
     .flags = kFlags,
     .channels = kShardChannels,
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Listens to shard channels.",
     .complexity = "O(N) where N is the number of shard channels.",
     .syntax = "shardchannel [shardchannel ...]",
     .handler = SSubscribe},
    {.name = "unsubscribe",
     .arity = -1,
     .flags = kFlags,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Stops listening to channels; without any, to all of them.",
     .complexity = "O(N) where N is the number of channels.",
     .syntax = "[channel [channel ...]]",
     .handler = Unsubscribe},
    {.name = "punsubscribe",
     .arity = -1,
     .flags = kFlags,
     .group = "pubsub",
     .since = "2.0.0",
     .summary = "Stops listening to patterns; without any, to all of them.",
     .complexity = "O(N) where N is the number of patterns.",
     .syntax = "[pattern [pattern ...]]",
     .handler = PUnsubscribe},
    {.name = "sunsubscribe",
     .arity = -1,
     .flags = kFlags,
     .channels = kShardChannels,
     .group = "pubsub",
     .since = "7.0.0",
     .summary = "Stops listening to shard channels; without any, to all of them.",
     .complexity = "O(N) where N is the number of shard channels.",
     .syntax = "[shardchannel [shardchannel ...]]",
     .handler = SUnsubscribe},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> SubscribeCommands() { return kRows; }

}  // namespace duet::commands
