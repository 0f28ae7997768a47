// Whole databases: DBSIZE, FLUSHDB, FLUSHALL, SWAPDB.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/int_argument.h"
#include "server/commands/tracking.h"
#include "server/store/garbage.h"

namespace duet::commands {
namespace {

void DbSize(CommandContext& ctx) {
  const uint64_t size = ctx.server.store->Size(ctx.db.index(), ctx.locks, ctx.now_ms);
  ctx.reply.Integer(static_cast<int64_t>(size));
}

// Drops the databases [first, last]. Their memory is given back after the locks are released: by
// the worker that runs the command, or in the background (ASYNC).
void Flush(CommandContext& ctx, int first, int last) {
  const bool lazily = ctx.args.size() == 2 && EqualsIgnoreCase(ctx.args[1], "async");
  const bool at_once = ctx.args.size() == 2 && EqualsIgnoreCase(ctx.args[1], "sync");
  if (ctx.args.size() > 1 && !lazily && !at_once) return ctx.reply.Error(SyntaxError());
  auto garbage = std::make_shared<std::vector<std::unique_ptr<store::Garbage>>>();
  for (int database = first; database <= last; ++database) {
    uint64_t dropped = 0;
    std::unique_ptr<store::Garbage> held = ctx.server.store->Flush(database, ctx.locks, &dropped);
    if (dropped == 0) continue;
    if (lazily) {
      ctx.server.lazy_free.Add(std::move(held));
    } else {
      garbage->push_back(std::move(held));
    }
  }
  ctx.server.tracking->InvalidateAll();
  ctx.garbage = std::move(garbage);
  ctx.reply.Ok();
}

void FlushDb(CommandContext& ctx) { Flush(ctx, ctx.db.index(), ctx.db.index()); }
void FlushAll(CommandContext& ctx) { Flush(ctx, 0, store::kDatabases - 1); }

// Any error of the number is told as `error`.
std::optional<int> ParseSwapIndex(std::string_view text, ReplyWriter& reply, const char* error) {
  const Expected<int> index = ParseIntArgument(text);
  if (index) return *index;
  reply.Error(MakeError(ErrorCode::kOutOfRange, error));
  return std::nullopt;
}

void SwapDb(CommandContext& ctx) {
  const auto first = ParseSwapIndex(ctx.args[1], ctx.reply, "ERR invalid first DB index");
  if (!first) return;
  const auto second = ParseSwapIndex(ctx.args[2], ctx.reply, "ERR invalid second DB index");
  if (!second) return;
  if (*first < 0 || *first >= store::kDatabases || *second < 0 || *second >= store::kDatabases) {
    return ctx.reply.Error(DatabaseOutOfRange());
  }
  if (*first != *second) {
    ctx.server.store->Swap(*first, *second, ctx.locks, ctx.now_ms);
    ctx.server.tracking->InvalidateAll();
  }
  ctx.reply.Ok();
}

constexpr CommandSpec kRows[] = {
    {.name = "dbsize",
     .arity = 1,
     .flags = kReadOnly | kFast,
     .acl = kAclKeyspace,
     .group = "server",
     .since = "1.0.0",
     .summary = "Returns the number of keys in the database.",
     .complexity = "O(1)",
     .handler = DbSize,
     .tips = "request_policy:all_shards response_policy:agg_sum"},
    {.name = "flushdb",
     .arity = -1,
     .flags = kWrite | kAllShards,
     .acl = kAclKeyspace | kAclDangerous,
     .group = "server",
     .since = "1.0.0",
     .summary = "Deletes all keys of the database.",
     .complexity = "O(N) where N is the number of keys in the database.",
     .syntax = "[ASYNC | SYNC]",
     .handler = FlushDb,
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "flushall",
     .arity = -1,
     .flags = kWrite | kAllShards,
     .acl = kAclKeyspace | kAclDangerous,
     .group = "server",
     .since = "1.0.0",
     .summary = "Deletes all keys of all databases.",
     .complexity = "O(N) where N is the number of keys in all databases.",
     .syntax = "[ASYNC | SYNC]",
     .handler = FlushAll,
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "swapdb",
     .arity = 3,
     .flags = kWrite | kFast | kAllShards,
     .acl = kAclKeyspace | kAclDangerous,
     .group = "server",
     .since = "4.0.0",
     .summary = "Exchanges two databases for all clients.",
     .complexity = "O(N) where N is the number of watched keys in both databases.",
     .syntax = "index1 index2",
     .handler = SwapDb},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> DatabaseCommands() { return kRows; }

}  // namespace duet::commands
