// Finding keys: SCAN, KEYS, RANDOMKEY.
//
// These lock no key beforehand: the store takes one shard's lock at a time. What they find is
// therefore copied, and replied to when no lock is held any more.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/clock.h"
#include "server/base/glob.h"
#include "server/base/hash.h"
#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/keys.h"
#include "server/commands/scan_options.h"

namespace duet::commands {
namespace {

void ReplyKeys(ReplyWriter& reply, const std::vector<std::string>& keys) {
  reply.Array(keys.size());
  for (const std::string& key : keys) reply.Bulk(key);
}

void Scan(CommandContext& ctx) {
  const Expected<ScanOptions> options = ParseScanOptions(ctx.args.subspan(1));
  if (!options) return ctx.reply.Error(options.error());
  std::vector<std::string> found;
  const uint64_t next = ctx.server.store->Scan(
      ctx.db.index(), options->cursor, options->count, ctx.now_ms, ctx.locks,
      [&](std::string_view key, const store::Entry& entry) {
        if (options->match && !GlobMatch(*options->match, key)) return;
        if (options->type && !EqualsIgnoreCase(*options->type, TypeName(entry.type()))) return;
        found.emplace_back(key);
      });
  ctx.reply.Array(2);
  ctx.reply.Bulk(std::to_string(next));
  ReplyKeys(ctx.reply, found);
}

void Keys(CommandContext& ctx) {
  const std::string_view pattern = ctx.args[1];
  std::vector<std::string> found;
  ctx.server.store->ForEach(ctx.db.index(), ctx.now_ms, ctx.locks,
                            [&](std::string_view key, const store::Entry&) {
                              if (pattern == "*" || GlobMatch(pattern, key)) {
                                found.emplace_back(key);
                              }
                            });
  ReplyKeys(ctx.reply, found);
}

// The tick counter is all the chance that picking a key takes; mixing spreads its low bits.
uint64_t Chance(uint64_t seed) {
  const uint64_t ticks = CycleClock::Now();
  return HashBytes({reinterpret_cast<const char*>(&ticks), sizeof(ticks)}, seed);
}

void RandomKey(CommandContext& ctx) {
  const std::optional<std::string> key =
      ctx.server.store->RandomKey(ctx.db.index(), ctx.now_ms, Chance(ctx.session.id), ctx.locks);
  if (!key) return ctx.reply.Null();
  ctx.reply.Bulk(*key);
}

constexpr CommandSpec kRows[] = {
    {.name = "scan",
     .arity = -2,
     .flags = kReadOnly,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "2.8.0",
     .summary = "Walks over the keys of the database, some at each call.",
     .complexity = "O(1) for every call, O(N) for the whole walk over N keys.",
     .syntax = "cursor [MATCH pattern] [COUNT count] [TYPE type]",
     .handler = Scan,
     .tips = "nondeterministic_output request_policy:special"},
    {.name = "keys",
     .arity = 2,
     .flags = kReadOnly,
     .acl = kAclKeyspace | kAclDangerous,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Returns all keys whose names match a pattern.",
     .complexity = "O(N) where N is the number of keys in the database.",
     .syntax = "pattern",
     .handler = Keys,
     .tips = "request_policy:all_shards nondeterministic_output_order"},
    {.name = "randomkey",
     .arity = 1,
     .flags = kReadOnly,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Returns the name of some key.",
     .complexity = "O(1)",
     .handler = RandomKey,
     .tips = "request_policy:all_shards response_policy:special nondeterministic_output"},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> ScanCommands() { return kRows; }

}  // namespace duet::commands
