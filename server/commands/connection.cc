// The connection itself: PING, ECHO, SELECT, QUIT, RESET.
#include <cstdint>
#include <span>

#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/int_argument.h"

namespace duet::commands {
namespace {

// While a client of RESP2 listens to channels, as one of the messages that it gets then.
void PingAmongMessages(CommandContext& ctx) {
  ctx.reply.Array(2);
  ctx.reply.Bulk("pong");
  ctx.reply.Bulk(ctx.args.size() == 1 ? "" : ctx.args[1]);
}

void Ping(CommandContext& ctx) {
  if (ctx.args.size() > 2) return ctx.reply.Error(WrongArity(ctx.spec.name));
  if (ctx.session.has(kSubscribed) && ctx.session.protocol < 3) return PingAmongMessages(ctx);
  if (ctx.args.size() == 1) return ctx.reply.SimpleString("PONG");
  ctx.reply.Bulk(ctx.args[1]);
}

void Echo(CommandContext& ctx) { ctx.reply.Bulk(ctx.args[1]); }

void Select(CommandContext& ctx) {
  const Expected<int> database = ParseDatabaseArgument(ctx.args[1]);
  if (!database) return ctx.reply.Error(database.error());
  ctx.session.database = *database;
  ctx.reply.Ok();
}

void Quit(CommandContext& ctx) {
  ctx.session.close_after_reply = true;
  ctx.reply.Ok();
}

void Reset(CommandContext& ctx) {
  ctx.session.Reset(!ctx.server.password.required());
  ctx.reply.SimpleString("RESET");
}

constexpr uint32_t kAnyTime = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy |
                              kConnectionOnly | kWhileSubscribed | kNotQueued;

constexpr CommandSpec kRows[] = {
    {.name = "ping",
     .arity = -1,
     .flags = kFast | kWhileSubscribed,
     .acl = kAclConnection,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Returns PONG, or the message.",
     .complexity = "O(1)",
     .syntax = "[message]",
     .handler = Ping,
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "echo",
     .arity = 2,
     .flags = kLoading | kStale | kFast,
     .acl = kAclConnection,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Returns the message.",
     .complexity = "O(1)",
     .syntax = "message",
     .handler = Echo},
    {.name = "select",
     .arity = 2,
     .flags = kLoading | kStale | kFast | kConnectionOnly,
     .acl = kAclConnection,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Chooses the database that the connection works on.",
     .complexity = "O(1)",
     .syntax = "index",
     .handler = Select},
    {.name = "quit",
     .arity = -1,
     .flags = kAnyTime,
     .acl = kAclConnection,
     .group = "connection",
     .since = "1.0.0",
     .summary = "Closes the connection.",
     .complexity = "O(1)",
     .handler = Quit,
     .deprecated_since = "7.2.0",
     .replaced_by = "just closing the connection"},
    {.name = "reset",
     .arity = 1,
     .flags = kAnyTime,
     .acl = kAclConnection,
     .group = "connection",
     .since = "6.2.0",
     .summary = "Brings the connection back to the state in which it began.",
     .complexity = "O(1)",
     .handler = Reset},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> ConnectionCommands() { return kRows; }

}  // namespace duet::commands
