// Whole keys, whatever they hold: DEL, UNLINK, EXISTS, TOUCH, TYPE.
#include "server/commands/keys.h"

#include <cstdint>
#include <span>
#include <string_view>

#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"

namespace duet::commands {

std::string_view TypeName(store::ValueType type) {
  switch (type) {
    case store::ValueType::kString:
      return "string";
    case store::ValueType::kList:
      return "list";
    case store::ValueType::kSet:
      return "set";
    case store::ValueType::kSortedSet:
      return "zset";
    case store::ValueType::kHash:
      return "hash";
    case store::ValueType::kStream:
      return "stream";
  }
  return "none";
}

namespace {

void Del(CommandContext& ctx) {
  int64_t erased = 0;
  for (const store::Key& key : ctx.keys) {
    if (!ctx.db.Erase(key)) continue;
    ctx.Notify(kGenericEvent, "del", key);
    ++erased;
  }
  ctx.reply.Integer(erased);
}

// Counts a key as often as it is named.
void Exists(CommandContext& ctx) {
  int64_t found = 0;
  for (const store::Key& key : ctx.keys) found += ctx.Read(key) != nullptr ? 1 : 0;
  ctx.reply.Integer(found);
}

void Type(CommandContext& ctx) {
  const store::Entry* entry = ctx.Read(ctx.key());
  ctx.reply.SimpleString(entry == nullptr ? "none" : TypeName(entry->type()));
}

constexpr std::string_view kPerKey = "O(N) where N is the number of keys.";
constexpr std::string_view kSummedOverShards = "request_policy:multi_shard response_policy:agg_sum";

constexpr CommandSpec kRows[] = {
    {.name = "del",
     .arity = -2,
     .flags = kWrite,
     .keys = {.first = 1, .last = -1, .step = 1, .access = kKeyRM | kKeyDelete},
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Deletes keys and returns how many there were.",
     .complexity = kPerKey,
     .syntax = "key [key ...]",
     .handler = Del,
     .tips = kSummedOverShards},
    {.name = "unlink",
     .arity = -2,
     .flags = kWrite | kFast,
     .keys = {.first = 1, .last = -1, .step = 1, .access = kKeyRM | kKeyDelete},
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "4.0.0",
     .summary = "Deletes keys, as DEL does.",
     .complexity = kPerKey,
     .syntax = "key [key ...]",
     .handler = Del,
     .tips = kSummedOverShards},
    {.name = "exists",
     .arity = -2,
     .flags = kReadOnly | kFast | kKeepsAccess,
     .keys = {.first = 1, .last = -1, .step = 1, .access = kKeyRO},
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Returns how many of the keys exist.",
     .complexity = kPerKey,
     .syntax = "key [key ...]",
     .handler = Exists,
     .tips = kSummedOverShards},
    {.name = "touch",
     .arity = -2,
     .flags = kReadOnly | kFast | kTouches,
     .keys = {.first = 1, .last = -1, .step = 1, .access = kKeyRO},
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "3.2.1",
     .summary = "Marks keys as used and returns how many of them exist.",
     .complexity = kPerKey,
     .syntax = "key [key ...]",
     .handler = Exists,
     .tips = kSummedOverShards},
    {.name = "type",
     .arity = 2,
     .flags = kReadOnly | kFast | kKeepsAccess,
     .keys = {.first = 1, .last = 1, .step = 1, .access = kKeyRO},
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Returns the type of the value at a key.",
     .complexity = "O(1)",
     .syntax = "key",
     .handler = Type},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> KeyCommands() { return kRows; }

}  // namespace duet::commands
