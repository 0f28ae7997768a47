// Several strings in one command: MGET, MSET, MSETNX. Each is atomic over all of its keys.
#include <algorithm>
#include <cstddef>
#include <span>

#include "server/commands/command_check.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/string_value.h"

namespace duet::commands {
namespace {

// MGET key [key ...]
void MGet(CommandContext& ctx) {
  ctx.reply.Array(ctx.keys.size());
  for (const store::Key& key : ctx.keys) {
    const store::Entry* entry = ctx.Read(key);
    const bool is_string = entry != nullptr && entry->type() == store::ValueType::kString;
    is_string ? ReplyString(ctx.reply, *entry) : ctx.reply.Null();
  }
}

// True if every key has a value; else writes the error.
bool IsPaired(CommandContext& ctx) {
  if (ctx.args.size() % 2 == 1) return true;
  ctx.reply.Error(WrongArity(ctx.spec.name));
  return false;
}

// A key that is named twice keeps the last value.
void SetAll(CommandContext& ctx) {
  for (size_t i = 0; i < ctx.keys.size(); ++i) {
    ctx.db.SetString(ctx.keys[i], ctx.args[2 * i + 2], store::kNoExpiry);
    ctx.Notify(kStringEvent, "set", ctx.keys[i]);
  }
}

// MSET key value [key value ...]
void MSet(CommandContext& ctx) {
  if (!IsPaired(ctx)) return;
  SetAll(ctx);
  ctx.reply.Ok();
}

// MSETNX key value [key value ...]
void MSetNx(CommandContext& ctx) {
  if (!IsPaired(ctx)) return;
  const bool all_missing =
      std::all_of(ctx.keys.begin(), ctx.keys.end(),
                  [&ctx](const store::Key& key) { return ctx.db.Find(key) == nullptr; });
  if (all_missing) SetAll(ctx);
  ctx.reply.Integer(all_missing ? 1 : 0);
}

constexpr KeySpec PairKeys(uint16_t access) {
  return {.first = 1, .last = -1, .step = 2, .access = access};
}

constexpr CommandSpec kRows[] = {
    {.name = "mget",
     .arity = -2,
     .flags = kReadOnly | kFast,
     .keys = {.first = 1, .last = -1, .step = 1, .access = kKeyRO | kKeyAccess},
     .acl = kAclString,
     .group = "string",
     .since = "1.0.0",
     .summary = "Returns the strings at several keys.",
     .complexity = "O(N) where N is the number of keys.",
     .syntax = "key [key ...]",
     .handler = MGet,
     .tips = "request_policy:multi_shard"},
    {.name = "mset",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .keys = PairKeys(kKeyOW | kKeyUpdate),
     .acl = kAclString,
     .group = "string",
     .since = "1.0.1",
     .summary = "Sets several keys to strings, all at once.",
     .complexity = "O(N) where N is the number of keys.",
     .syntax = "key value [key value ...]",
     .handler = MSet,
     .tips = "request_policy:multi_shard response_policy:all_succeeded"},
    {.name = "msetnx",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .keys = PairKeys(kKeyOW | kKeyInsert),
     .acl = kAclString,
     .group = "string",
     .since = "1.0.1",
     .summary = "Sets several keys to strings if none of them exists.",
     .complexity = "O(N) where N is the number of keys.",
     .syntax = "key value [key value ...]",
     .handler = MSetNx},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> StringBatchCommands() { return kRows; }

}  // namespace duet::commands
