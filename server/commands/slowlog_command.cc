// SLOWLOG and MONITOR: which commands were slow, and which are executed.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/help_text.h"

namespace duet::commands {
namespace {

constexpr int64_t kDefaultCount = 10;
constexpr int64_t kAll = -1;

void SlowlogGet(CommandContext& ctx) {
  if (ctx.args.size() > 3) return ctx.reply.Error(SubcommandSyntaxError(ctx.args));
  int64_t count = kDefaultCount;
  if (ctx.args.size() == 3) {
    const std::optional<int64_t> given = ParseInt64(ctx.args[2]);
    if (!given || *given < kAll) {
      return ctx.reply.Error(
          MakeError(ErrorCode::kOutOfRange, "ERR count should be greater than or equal to -1"));
    }
    count = *given;
  }
  const std::vector<SlowLogEntry> entries =
      ctx.server.trace.slow_log().Newest(count == kAll ? SIZE_MAX : static_cast<size_t>(count));
  ctx.reply.Array(entries.size());
  for (const SlowLogEntry& entry : entries) {
    ctx.reply.Array(6);
    ctx.reply.Integer(static_cast<int64_t>(entry.id));
    ctx.reply.Integer(entry.time_s);
    ctx.reply.Integer(entry.duration_us);
    ctx.reply.Array(entry.words.size());
    for (const std::string& word : entry.words) ctx.reply.Bulk(word);
    ctx.reply.Bulk(entry.peer_address);
    ctx.reply.Bulk(entry.client_name);
  }
}

void SlowlogLen(CommandContext& ctx) {
  ctx.reply.Integer(static_cast<int64_t>(ctx.server.trace.slow_log().length()));
}

void SlowlogReset(CommandContext& ctx) {
  ctx.server.trace.slow_log().Reset();
  ctx.reply.Ok();
}

void SlowlogHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "GET [<count>]",
      "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
      "    Entries are made of:",
      "    id, timestamp, time in microseconds, arguments array, client IP and port,",
      "    client name",
      "LEN",
      "    Return the length of the slowlog.",
      "RESET",
      "    Reset the slowlog.",
  };
  ReplyHelp(ctx.reply, "SLOWLOG", kLines);
}

// As Redis: a second MONITOR gets no reply.
void Monitor(CommandContext& ctx) {
  Session& session = ctx.session;
  if (session.monitoring) return;
  session.monitoring.emplace(ctx.server.trace.Monitor(session.id, session.mailbox));
  session.set(kMonitors, true);
  ctx.reply.Ok();
}

constexpr uint32_t kAnyTime = kLoading | kStale;

constexpr CommandSpec kSlowlogSubcommands[] = {
    {.name = "get",
     .arity = -2,
     .flags = kAdmin | kAnyTime,
     .group = "server",
     .since = "2.2.12",
     .summary = "Returns the newest commands that were slow.",
     .complexity = "O(N) where N is the number of entries returned",
     .syntax = "[count]",
     .handler = SlowlogGet,
     .tips = "request_policy:all_nodes nondeterministic_output"},
    {.name = "len",
     .arity = 2,
     .flags = kAdmin | kAnyTime,
     .group = "server",
     .since = "2.2.12",
     .summary = "Returns how many slow commands are kept.",
     .complexity = "O(1)",
     .handler = SlowlogLen,
     .tips = "request_policy:all_nodes response_policy:agg_sum nondeterministic_output"},
    {.name = "reset",
     .arity = 2,
     .flags = kAdmin | kAnyTime,
     .group = "server",
     .since = "2.2.12",
     .summary = "Forgets the slow commands.",
     .complexity = "O(N) where N is the number of entries in the slowlog",
     .handler = SlowlogReset,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "help",
     .arity = 2,
     .flags = kAnyTime,
     .group = "server",
     .since = "6.2.0",
     .summary = "Describes the subcommands.",
     .complexity = "O(1)",
     .handler = SlowlogHelp},
};

constexpr CommandSpec kRows[] = {
    {.name = "slowlog",
     .arity = -2,
     .group = "server",
     .since = "2.2.12",
     .summary = "Holds the commands about slow commands.",
     .complexity = "Depends on subcommand.",
     .subcommands = kSlowlogSubcommands},
    {.name = "monitor",
     .arity = 1,
     .flags = kAdmin | kNoScript | kAnyTime | kConnectionOnly,
     .group = "server",
     .since = "1.0.0",
     .summary = "Shows every command of every client as it is executed.",
     .complexity = "O(N) where N is the length of the commands that are shown",
     .handler = Monitor},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> SlowlogCommands() { return kRows; }

}  // namespace duet::commands
