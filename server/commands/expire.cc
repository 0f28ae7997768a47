// When keys end: EXPIRE and its kin, TTL and its kin, PERSIST.
#include <cstdint>
#include <span>

#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/expire_options.h"

namespace duet::commands {
namespace {

constexpr int64_t kMissing = -2;
constexpr int64_t kEndless = -1;

// `unit_ms` milliseconds make one unit of the argument, which counts from `base_ms`.
void SetExpiry(CommandContext& ctx, int64_t unit_ms, int64_t base_ms) {
  const Expected<ExpireCondition> condition = ParseExpireCondition(ctx.args.subspan(3));
  if (!condition) return ctx.reply.Error(condition.error());
  const Expected<int64_t> when_ms = ParseExpireTime(ctx.args[2], unit_ms, base_ms, ctx.spec.name);
  if (!when_ms) return ctx.reply.Error(when_ms.error());

  const store::Entry* entry = ctx.db.Find(ctx.key());
  if (entry == nullptr || !condition->Allows(entry->expire_at_ms(), *when_ms)) {
    return ctx.reply.Integer(0);
  }
  // Before SetExpiry, for which one moment of the past, -1, means no expiry.
  if (*when_ms <= ctx.now_ms) {
    ctx.db.Erase(ctx.key());
    ctx.Notify(kGenericEvent, "del", ctx.key());
  } else {
    ctx.db.SetExpiry(ctx.key(), *when_ms);
    ctx.Notify(kGenericEvent, "expire", ctx.key());
  }
  ctx.reply.Integer(1);
}

void Expire(CommandContext& ctx) { SetExpiry(ctx, 1000, ctx.now_ms); }
void PExpire(CommandContext& ctx) { SetExpiry(ctx, 1, ctx.now_ms); }
void ExpireAt(CommandContext& ctx) { SetExpiry(ctx, 1000, 0); }
void PExpireAt(CommandContext& ctx) { SetExpiry(ctx, 1, 0); }

// Replies with the expiry of the key less `base_ms`, in units of `unit_ms`, rounded to the nearest.
void GetExpiry(CommandContext& ctx, int64_t unit_ms, int64_t base_ms) {
  const store::Entry* entry = ctx.Read(ctx.key());
  if (entry == nullptr) return ctx.reply.Integer(kMissing);
  const int64_t expire_at_ms = entry->expire_at_ms();
  if (expire_at_ms == store::kNoExpiry) return ctx.reply.Integer(kEndless);
  const int64_t left_ms = expire_at_ms - base_ms;
  // Not (left_ms + unit_ms / 2) / unit_ms, which overflows for the last times there are.
  ctx.reply.Integer(left_ms / unit_ms + (left_ms % unit_ms * 2 >= unit_ms ? 1 : 0));
}

void Ttl(CommandContext& ctx) { GetExpiry(ctx, 1000, ctx.now_ms); }
void PTtl(CommandContext& ctx) { GetExpiry(ctx, 1, ctx.now_ms); }
void ExpireTime(CommandContext& ctx) { GetExpiry(ctx, 1000, 0); }
void PExpireTime(CommandContext& ctx) { GetExpiry(ctx, 1, 0); }

void Persist(CommandContext& ctx) {
  const store::Entry* entry = ctx.db.Find(ctx.key());
  const bool has_expiry = entry != nullptr && entry->expire_at_ms() != store::kNoExpiry;
  if (has_expiry) {
    ctx.db.SetExpiry(ctx.key(), store::kNoExpiry);
    ctx.Notify(kGenericEvent, "persist", ctx.key());
  }
  ctx.reply.Integer(has_expiry ? 1 : 0);
}

constexpr KeySpec kUpdatesKey = {.first = 1, .last = 1, .step = 1, .access = kKeyRW | kKeyUpdate};
constexpr KeySpec kReadsKey = {.first = 1, .last = 1, .step = 1, .access = kKeyRO | kKeyAccess};

constexpr CommandSpec kRows[] = {
    {.name = "expire",
     .arity = -3,
     .flags = kWrite | kFast,
     .keys = kUpdatesKey,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Lets a key expire after a number of seconds.",
     .complexity = "O(1)",
     .syntax = "key seconds [NX | XX | GT | LT]",
     .handler = Expire},
    {.name = "pexpire",
     .arity = -3,
     .flags = kWrite | kFast,
     .keys = kUpdatesKey,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "2.6.0",
     .summary = "Lets a key expire after a number of milliseconds.",
     .complexity = "O(1)",
     .syntax = "key milliseconds [NX | XX | GT | LT]",
     .handler = PExpire},
    {.name = "expireat",
     .arity = -3,
     .flags = kWrite | kFast,
     .keys = kUpdatesKey,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "1.2.0",
     .summary = "Lets a key expire at a Unix time in seconds.",
     .complexity = "O(1)",
     .syntax = "key unix-time-seconds [NX | XX | GT | LT]",
     .handler = ExpireAt},
    {.name = "pexpireat",
     .arity = -3,
     .flags = kWrite | kFast,
     .keys = kUpdatesKey,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "2.6.0",
     .summary = "Lets a key expire at a Unix time in milliseconds.",
     .complexity = "O(1)",
     .syntax = "key unix-time-milliseconds [NX | XX | GT | LT]",
     .handler = PExpireAt},
    {.name = "ttl",
     .arity = 2,
     .flags = kReadOnly | kFast | kKeepsAccess,
     .keys = kReadsKey,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "1.0.0",
     .summary = "Returns the seconds that a key has left.",
     .complexity = "O(1)",
     .syntax = "key",
     .handler = Ttl,
     .tips = "nondeterministic_output"},
    {.name = "pttl",
     .arity = 2,
     .flags = kReadOnly | kFast | kKeepsAccess,
     .keys = kReadsKey,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "2.6.0",
     .summary = "Returns the milliseconds that a key has left.",
     .complexity = "O(1)",
     .syntax = "key",
     .handler = PTtl,
     .tips = "nondeterministic_output"},
    {.name = "expiretime",
     .arity = 2,
     .flags = kReadOnly | kFast | kKeepsAccess,
     .keys = kReadsKey,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "7.0.0",
     .summary = "Returns the Unix time in seconds at which a key expires.",
     .complexity = "O(1)",
     .syntax = "key",
     .handler = ExpireTime},
    {.name = "pexpiretime",
     .arity = 2,
     .flags = kReadOnly | kFast | kKeepsAccess,
     .keys = kReadsKey,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "7.0.0",
     .summary = "Returns the Unix time in milliseconds at which a key expires.",
     .complexity = "O(1)",
     .syntax = "key",
     .handler = PExpireTime},
    {.name = "persist",
     .arity = 2,
     .flags = kWrite | kFast,
     .keys = kUpdatesKey,
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "2.2.0",
     .summary = "Takes the expiry off a key.",
     .complexity = "O(1)",
     .syntax = "key",
     .handler = Persist},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> ExpireCommands() { return kRows; }

}  // namespace duet::commands
