// DEBUG: what tests of clients and of servers need. Refused unless enable-debug-command allows it.
//
// One row, as in Redis, with a table of its own for the subcommands. All of them run with every
// shard locked, so that DEBUG SLEEP stops the server and not only the worker that it runs on.
#include <chrono>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "server/api/settings.h"
#include "server/base/glob.h"
#include "server/base/numbers.h"
#include "server/commands/access_clock.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/debug_protocol.h"
#include "server/commands/dump_format.h"
#include "server/commands/help_text.h"
#include "server/commands/memory_bound.h"
#include "server/commands/object_info.h"
#include "server/commands/refuse_protected.h"
#include "server/commands/string_value.h"

namespace duet::commands {
namespace {

// DEBUG SLEEP seconds
void SleepBlocking(CommandContext& ctx) {
  constexpr double kMost_s = 3600;
  const std::optional<double> seconds = ParseDouble(ctx.args[2]);
  if (!seconds || !(*seconds >= 0) || *seconds > kMost_s) return ctx.reply.Error(NotAFloat());
  std::this_thread::sleep_for(std::chrono::duration<double>(*seconds));
  ctx.reply.Ok();
}

// DEBUG OBJECT key
void DescribeObject(CommandContext& ctx) {
  const store::Entry* entry = ctx.db.Find(ctx.server.store->MakeKey(ctx.args[2]));
  if (entry == nullptr) return ctx.reply.Error(NoSuchKey());
  if (!IsStringOrMissing(ctx, entry)) return;
  char text[200];
  std::snprintf(text, sizeof(text),
                "Value at:%p refcount:%" PRId64
                " encoding:%s serializedlength:%zu lru:%d lru_seconds_idle:%" PRId64,
                static_cast<const void*>(entry),
                ReferenceCount(*entry, ctx.server.memory->limits()),
                std::string(EncodingName(*entry)).c_str(), DumpedLength(*entry), entry->access(),
                IdleMs(entry->access(), ctx.now_ms) / 1000);
  ctx.reply.SimpleString(text);
}

void SetActiveExpire(CommandContext& ctx) {
  ctx.server.active_expire = ParseInt64(ctx.args[2]).value_or(0) != 0;
  ctx.reply.Ok();
}

void PauseCron(CommandContext& ctx) {
  ctx.server.background_paused = ParseInt64(ctx.args[2]).value_or(0) != 0;
  ctx.reply.Ok();
}

void MatchString(CommandContext& ctx) {
  ctx.reply.Integer(GlobMatch(ctx.args[2], ctx.args[3], /*ignore_case=*/false) ? 1 : 0);
}

void ReplyError(CommandContext& ctx) {
  ctx.reply.Error(MakeError(ErrorCode::kGeneric, std::string(ctx.args[2])));
}

// The number at ctx.args[i]; 0 where there is no such word. Nothing: it is no number, or negative.
std::optional<int64_t> ParseCount(const CommandContext& ctx, size_t i) {
  if (ctx.args.size() <= i) return 0;
  const std::optional<int64_t> count = ParseInt64(ctx.args[i]);
  return count.value_or(-1) < 0 ? std::nullopt : count;
}

// DEBUG POPULATE count [prefix] [size]: of keys that are there already, none is touched. Values
// are filled up with zeros to `size` bytes, or cut.
void Populate(CommandContext& ctx) {
  const std::optional<int64_t> count = ParseCount(ctx, 2);
  const std::optional<int64_t> size = ParseCount(ctx, 4);
  if (!count || !size) {
    return ctx.reply.Error(
        MakeError(ErrorCode::kOutOfRange, "ERR value is out of range, must be positive"));
  }
  if (!MayGrow(ctx, 0, static_cast<uint64_t>(*size))) return;
  const std::string prefix(ctx.args.size() > 3 ? ctx.args[3] : "key");
  for (int64_t i = 0; i < *count; ++i) {
    const std::string name = prefix + ":" + std::to_string(i);
    const store::Key key = ctx.server.store->MakeKey(name);
    if (ctx.db.Find(key) != nullptr) continue;
    std::string value = "value:" + std::to_string(i);
    if (*size > 0) value.resize(static_cast<size_t>(*size), '\0');
    ctx.db.SetString(key, value, store::kNoExpiry);
  }
  ctx.reply.Ok();
}

// DEBUG CONFIG-REWRITE-FORCE-ALL
void RewriteWholeConfig(CommandContext& ctx) {
  if (const auto error = ctx.server.settings->RewriteBlocking(RewriteScope::kAll)) {
    return ctx.reply.Error(*error);
  }
  ctx.reply.Ok();
}

void RefuseReload(CommandContext& ctx) {
  ctx.reply.Error(MakeError(ErrorCode::kGeneric,
                            "ERR nothing is saved to disk, so that nothing can be loaded again"));
}

struct DebugSubcommand {
  std::string_view name;
  size_t least_words;  // DEBUG and the name included
  size_t most_words;
  Handler handler;
  std::string_view usage;
  std::string_view help;
};

constexpr DebugSubcommand kSubcommands[] = {
    {"config-rewrite-force-all", 2, 2, RewriteWholeConfig, "CONFIG-REWRITE-FORCE-ALL",
     "    As CONFIG REWRITE, with a line for each setting."},
    {"error", 3, 3, ReplyError, "ERROR <string>", "    Reply with <string> as an error."},
    {"loadaof", 2, 2, RefuseReload, "LOADAOF", "    Refused: there is no append-only file."},
    {"object", 3, 3, DescribeObject, "OBJECT <key>", "    How the value of <key> is held."},
    {"pause-cron", 3, 3, PauseCron, "PAUSE-CRON <0|1>",
     "    Stop all work in the background, or let it go on."},
    {"populate", 3, 5, Populate, "POPULATE <count> [<prefix>] [<size>]",
     "    Create <count> strings, <prefix>:0 (\"key:0\") and so on, of <size> bytes."},
    {"protocol", 3, 3, DebugProtocol, "PROTOCOL <type>",
     "    Reply with a value of a type: string, integer, double, bignum, null, array, set, map, "
     "attrib, push, verbatim, true, false."},
    {"reload", 2, 5, RefuseReload, "RELOAD", "    Refused: nothing is saved to disk."},
    {"set-active-expire", 3, 3, SetActiveExpire, "SET-ACTIVE-EXPIRE <0|1>",
     "    Whether keys whose time has come are erased though nobody asks for them."},
    {"sleep", 3, 3, SleepBlocking, "SLEEP <seconds>",
     "    Stop the server for <seconds>; decimals are allowed."},
    {"stringmatch-len", 4, 4, MatchString, "STRINGMATCH-LEN <pattern> <string>",
     "    Whether the glob-style <pattern> matches."},
};

void Help(CommandContext& ctx) {
  std::vector<std::string_view> lines;
  for (const DebugSubcommand& subcommand : kSubcommands) {
    lines.push_back(subcommand.usage);
    lines.push_back(subcommand.help);
  }
  ReplyHelp(ctx.reply, "DEBUG", lines);
}

void Debug(CommandContext& ctx) {
  if (const auto error = RefuseProtected(ctx.spec, ctx.server, ctx.session)) {
    return ctx.reply.Error(*error);
  }
  const size_t words = ctx.args.size();
  if (words == 2 && EqualsIgnoreCase(ctx.args[1], "help")) return Help(ctx);
  for (const DebugSubcommand& subcommand : kSubcommands) {
    if (!EqualsIgnoreCase(ctx.args[1], subcommand.name)) continue;
    if (words < subcommand.least_words || words > subcommand.most_words) break;
    return subcommand.handler(ctx);
  }
  ctx.reply.Error(SubcommandSyntaxError(ctx.args));
}

constexpr CommandSpec kRows[] = {
    {.name = "debug",
     .arity = -2,
     .flags = kAdmin | kNoScript | kLoading | kStale | kAllShards | kKeepsAccess | kProtected,
     .group = "server",
     .since = "1.0.0",
     .summary = "Holds what tests need; refused unless enable-debug-command allows it.",
     .complexity = "Depends on subcommand.",
     .syntax = "subcommand [arg [arg ...]]",
     .handler = Debug},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> DebugCommands() { return kRows; }

}  // namespace duet::commands
