// Reading and writing whole strings: GET, SET and the commands that are special cases of it.
#include <cstdint>
#include <span>
#include <string_view>

#include "server/commands/command_check.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/set_options.h"
#include "server/commands/string_value.h"

namespace duet::commands {
namespace {

// GET key
void Get(CommandContext& ctx) { ReplyStringOrNull(ctx, ctx.Read(ctx.key())); }

// Sets the key and publishes that, with its expiry if it has one.
void SetAndNotify(CommandContext& ctx, std::string_view value, int64_t expire_at_ms) {
  ctx.db.SetString(ctx.key(), value, expire_at_ms);
  ctx.Notify(kStringEvent, "set", ctx.key());
  if (expire_at_ms == store::kNoExpiry) return;
  ctx.Notify(kGenericEvent, "expire", ctx.key());
  if (expire_at_ms <= ctx.now_ms) ctx.Notify(kExpiredEvent, "expired", ctx.key());
}

// What a SET that may be refused does.
enum class Verdict : uint8_t { kWrite, kRefuse, kError };

// Looks at what `key` holds: replies with it for GET, and decides whether the conditions hold.
Verdict Examine(CommandContext& ctx, const SetOptions& options) {
  const store::Entry* entry = options.get ? ctx.Read(ctx.key()) : ctx.db.Find(ctx.key());
  if ((options.get || options.condition) && !IsStringOrMissing(ctx, entry)) return Verdict::kError;
  bool holds = true;
  if (options.if_missing) holds = entry == nullptr;
  if (options.if_exists) holds = entry != nullptr;
  if (options.condition) {
    holds =
        entry == nullptr ? HoldsForMissing(*options.condition) : Holds(*options.condition, *entry);
  }
  if (options.get) {
    entry == nullptr ? ctx.reply.Null() : ReplyString(ctx.reply, *entry);
  }
  return holds ? Verdict::kWrite : Verdict::kRefuse;
}

void SetWithOptions(CommandContext& ctx, const SetOptions& options) {
  int64_t expire_at_ms = store::kNoExpiry;
  if (options.expire) {
    const auto resolved = ResolveExpire(*options.expire, ctx.spec.name, ctx.now_ms);
    if (!resolved.ok()) return ctx.reply.Error(resolved.error());
    expire_at_ms = *resolved;
  }
  if (options.get || options.conditional()) {
    const Verdict verdict = Examine(ctx, options);
    if (verdict == Verdict::kError) return;
    if (verdict == Verdict::kRefuse) {
      if (!options.get) ctx.reply.Null();
      return;
    }
  }
  if (options.keep_expiry) {
    ctx.db.SetStringKeepExpiry(ctx.key(), ctx.args[2]);
    ctx.Notify(kStringEvent, "set", ctx.key());
  } else {
    SetAndNotify(ctx, ctx.args[2], expire_at_ms);
  }
  if (!options.get) ctx.reply.Ok();
}

// SET key value [NX | XX | IFEQ v | IFNE v | IFDEQ d | IFDNE d] [GET] [EX s | PX ms | EXAT s |
// PXAT ms | KEEPTTL]
void Set(CommandContext& ctx) {
  if (ctx.args.size() == 3) [[likely]] {
    SetAndNotify(ctx, ctx.args[2], store::kNoExpiry);
    return ctx.reply.Ok();
  }
  const auto options = ParseSetOptions(ctx.args, 3, OptionsOf::kSet);
  if (!options.ok()) return ctx.reply.Error(options.error());
  SetWithOptions(ctx, *options);
}

// SETNX key value
void SetNx(CommandContext& ctx) {
  const bool missing = ctx.db.Find(ctx.key()) == nullptr;
  if (missing) SetAndNotify(ctx, ctx.args[2], store::kNoExpiry);
  ctx.reply.Integer(missing ? 1 : 0);
}

void SetWithExpiry(CommandContext& ctx, ExpireUnit unit) {
  const auto at_ms = ResolveExpire({unit, ctx.args[2]}, ctx.spec.name, ctx.now_ms);
  if (!at_ms.ok()) return ctx.reply.Error(at_ms.error());
  SetAndNotify(ctx, ctx.args[3], *at_ms);
  ctx.reply.Ok();
}

// SETEX key seconds value
void SetEx(CommandContext& ctx) { SetWithExpiry(ctx, ExpireUnit::kEx); }

// PSETEX key milliseconds value
void PSetEx(CommandContext& ctx) { SetWithExpiry(ctx, ExpireUnit::kPx); }

// GETSET key value
void GetSet(CommandContext& ctx) {
  if (!ReplyStringOrNull(ctx, ctx.Read(ctx.key()))) return;
  SetAndNotify(ctx, ctx.args[2], store::kNoExpiry);
}

// GETDEL key
void GetDel(CommandContext& ctx) {
  if (!ReplyStringOrNull(ctx, ctx.Read(ctx.key()))) return;
  if (ctx.db.Erase(ctx.key())) ctx.Notify(kGenericEvent, "del", ctx.key());
}

// GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]
void GetEx(CommandContext& ctx) {
  const auto options = ParseSetOptions(ctx.args, 2, OptionsOf::kGetEx);
  if (!options.ok()) return ctx.reply.Error(options.error());
  const store::Entry* entry = ctx.Read(ctx.key());
  if (entry == nullptr) return ctx.reply.Null();
  if (!IsStringOrMissing(ctx, entry)) return;
  int64_t expire_at_ms = store::kNoExpiry;
  if (options->expire) {
    const auto resolved = ResolveExpire(*options->expire, ctx.spec.name, ctx.now_ms);
    if (!resolved.ok()) return ctx.reply.Error(resolved.error());
    expire_at_ms = *resolved;
  }
  ReplyString(ctx.reply, *entry);
  const bool removes = options->persist && entry->expire_at_ms() != store::kNoExpiry;
  if (!options->expire && !removes) return;
  const bool passed = options->expire && expire_at_ms <= ctx.now_ms;
  ctx.db.SetExpiry(ctx.key(), expire_at_ms);
  ctx.Notify(kGenericEvent, passed ? "del" : removes ? "persist" : "expire", ctx.key());
}

constexpr std::string_view kConstant = "O(1)";

constexpr CommandSpec kRows[] = {
    {.name = "get",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = OneKey(kKeyRO | kKeyAccess),
     .acl = kAclString,
     .group = "string",
     .since = "1.0.0",
     .summary = "Returns the string at a key.",
     .complexity = kConstant,
     .syntax = "key",
     .handler = Get},
    {.name = "set",
     .arity = -3,
     .flags = kWrite | kDenyOom,
     .keys = OneKey(kKeyRW | kKeyAccess | kKeyUpdate | kKeyVariable),
     .acl = kAclString,
     .group = "string",
     .since = "1.0.0",
     .summary = "Sets a key to a string, whatever it held, on conditions and for a time if asked.",
     .complexity = kConstant,
     .syntax = "key value [NX | XX | IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | "
               "IFDNE ifdne-digest] [GET] [EX seconds | PX milliseconds | "
               "EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
     .handler = Set,
     .key_notes = "RW and ACCESS due to the optional `GET` argument"},
    {.name = "setnx",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = OneKey(kKeyOW | kKeyInsert),
     .acl = kAclString,
     .group = "string",
     .since = "1.0.0",
     .summary = "Sets a key to a string if it does not exist.",
     .complexity = kConstant,
     .syntax = "key value",
     .handler = SetNx,
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `NX` argument"},
    {.name = "setex",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .keys = OneKey(kKeyOW | kKeyUpdate),
     .acl = kAclString,
     .group = "string",
     .since = "2.0.0",
     .summary = "Sets a key to a string that expires after some seconds.",
     .complexity = kConstant,
     .syntax = "key seconds value",
     .handler = SetEx,
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `EX` argument"},
    {.name = "psetex",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .keys = OneKey(kKeyOW | kKeyUpdate),
     .acl = kAclString,
     .group = "string",
     .since = "2.6.0",
     .summary = "Sets a key to a string that expires after some milliseconds.",
     .complexity = kConstant,
     .syntax = "key milliseconds value",
     .handler = PSetEx,
     .deprecated_since = "2.6.12",
     .replaced_by = "`SET` with the `PX` argument"},
    {.name = "getset",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = OneKey(kKeyRW | kKeyAccess | kKeyUpdate),
     .acl = kAclString,
     .group = "string",
     .since = "1.0.0",
     .summary = "Sets a key to a string and returns the one that it held.",
     .complexity = kConstant,
     .syntax = "key value",
     .handler = GetSet,
     .deprecated_since = "6.2.0",
     .replaced_by = "`SET` with the `GET` argument"},
    {.name = "getdel",
     .arity = 2,
     .flags = kWrite | kFast,
     .keys = OneKey(kKeyRW | kKeyAccess | kKeyDelete),
     .acl = kAclString,
     .group = "string",
     .since = "6.2.0",
     .summary = "Returns the string at a key and deletes the key.",
     .complexity = kConstant,
     .syntax = "key",
     .handler = GetDel},
    {.name = "getex",
     .arity = -2,
     .flags = kWrite | kFast,
     .keys = OneKey(kKeyRW | kKeyAccess | kKeyUpdate),
     .acl = kAclString,
     .group = "string",
     .since = "6.2.0",
     .summary = "Returns the string at a key and sets or removes its expiry.",
     .complexity = kConstant,
     .syntax = "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | "
               "PXAT unix-time-milliseconds | PERSIST]",
     .handler = GetEx,
     .key_notes = "RW and UPDATE because it changes the TTL"},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> StringCommands() { return kRows; }

}  // namespace duet::commands
