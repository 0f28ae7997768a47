// Values as bytes that travel between servers: DUMP and RESTORE.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "server/base/limits.h"
#include "server/base/numbers.h"
#include "server/commands/access_clock.h"
#include "server/commands/command_check.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/dump_format.h"
#include "server/commands/memory_bound.h"
#include "server/commands/string_value.h"

namespace duet::commands {
namespace {

// DUMP key
void Dump(CommandContext& ctx) {
  const store::Entry* entry = ctx.Read(ctx.key());
  if (!IsStringOrMissing(ctx, entry)) return;
  entry == nullptr ? ctx.reply.Null() : ctx.reply.Bulk(DumpString(*entry));
}

struct RestoreOptions {
  bool replace = false;
  bool absolute_time = false;
  std::optional<int64_t> idle_s;
  std::optional<int64_t> count_of_uses;
};

// The number behind an option, not below 0 and at most `max`; else an error, with `complaint` for
// one out of range.
Expected<int64_t> ParseOptionNumber(std::string_view text, int64_t max, const char* complaint) {
  const std::optional<int64_t> value = ParseInt64(text);
  if (!value) return NotAnInteger();
  if (*value < 0 || *value > max) return MakeError(ErrorCode::kOutOfRange, complaint);
  return *value;
}

Expected<RestoreOptions> ParseRestoreOptions(Argv options) {
  constexpr char kBadIdleTime[] = "ERR Invalid IDLETIME value, must be >= 0";
  constexpr char kBadFreq[] = "ERR Invalid FREQ value, must be >= 0 and <= 255";
  RestoreOptions parsed;
  for (size_t i = 0; i < options.size(); ++i) {
    const bool has_value = i + 1 < options.size();
    if (EqualsIgnoreCase(options[i], "replace")) {
      parsed.replace = true;
    } else if (EqualsIgnoreCase(options[i], "absttl")) {
      parsed.absolute_time = true;
    } else if (EqualsIgnoreCase(options[i], "idletime") && has_value && !parsed.count_of_uses) {
      const auto idle = ParseOptionNumber(options[++i], INT64_MAX, kBadIdleTime);
      if (!idle) return idle.error();
      parsed.idle_s = *idle;
    } else if (EqualsIgnoreCase(options[i], "freq") && has_value && !parsed.idle_s) {
      const auto count = ParseOptionNumber(options[++i], 255, kBadFreq);
      if (!count) return count.error();
      parsed.count_of_uses = *count;
    } else {
      return SyntaxError();
    }
  }
  return parsed;
}

// Milliseconds since the epoch, or kNoExpiry for a TTL of 0.
Expected<int64_t> ParseRestoredExpiry(CommandContext& ctx, bool absolute) {
  const auto ttl = ParseOptionNumber(ctx.args[2], INT64_MAX, "ERR Invalid TTL value, must be >= 0");
  if (!ttl) return ttl.error();
  if (*ttl == 0) return store::kNoExpiry;
  const std::optional<int64_t> at_ms = absolute ? *ttl : CheckedAdd(*ttl, ctx.now_ms);
  if (!at_ms) return InvalidExpireTime(ctx.spec.name);
  return *at_ms;
}

// Of the use that the key has had elsewhere, the figure that the policy does not go by is ignored.
void RestoreAccess(CommandContext& ctx, const RestoreOptions& options) {
  const bool counts = IsLfu(ctx.server.memory->limits().policy);
  if (counts && options.count_of_uses) {
    const auto count = static_cast<uint8_t>(*options.count_of_uses);
    ctx.db.SetAccess(ctx.key(), BitsOfCount(count, ctx.now_ms));
  } else if (!counts && options.idle_s) {
    constexpr int64_t kLongIdle_s = 1'000'000'000;  // longer than any that can be told
    const int64_t idle_ms = std::min(*options.idle_s, kLongIdle_s) * 1000;
    ctx.db.SetAccess(ctx.key(), BitsOfUse(ctx.now_ms, idle_ms));
  }
}

// RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]
void Restore(CommandContext& ctx) {
  const Expected<RestoreOptions> options = ParseRestoreOptions(ctx.args.subspan(4));
  if (!options) return ctx.reply.Error(options.error());
  if (!options->replace && ctx.db.Find(ctx.key()) != nullptr) {
    return ctx.reply.Error(
        MakeError(ErrorCode::kConflict, "BUSYKEY Target key name already exists."));
  }
  const Expected<int64_t> expire_at_ms = ParseRestoredExpiry(ctx, options->absolute_time);
  if (!expire_at_ms) return ctx.reply.Error(expire_at_ms.error());
  if (!IsIntactDump(ctx.args[3])) {
    return ctx.reply.Error(
        MakeError(ErrorCode::kSyntax, "ERR DUMP payload version or checksum are wrong"));
  }
  const Limits& limits = *ctx.server.limits;
  const std::optional<std::string> value =
      LoadDumpedString(ctx.args[3], std::min(limits.max_bulk_bytes, limits.max_value_bytes));
  if (!value) return ctx.reply.Error(MakeError(ErrorCode::kSyntax, "ERR Bad data format"));
  // Erased first: what goes with the old value (its access bits, say) must not stay.
  const bool replaced = options->replace && ctx.db.Erase(ctx.key());
  if (*expire_at_ms == store::kNoExpiry || *expire_at_ms > ctx.now_ms) {
    ctx.db.SetString(ctx.key(), *value, *expire_at_ms);
    RestoreAccess(ctx, *options);
    ctx.Notify(kGenericEvent, "restore", ctx.key());
  } else if (replaced) {
    ctx.Notify(kGenericEvent, "del", ctx.key());
  }
  ctx.reply.Ok();
}

constexpr CommandSpec kRows[] = {
    {.name = "dump",
     .arity = 2,
     .flags = kReadOnly,
     .keys = OneKey(kKeyRO | kKeyAccess),
     .acl = kAclKeyspace,
     .group = "generic",
     .since = "2.6.0",
     .summary = "Returns the value at a key in a form that RESTORE takes.",
     .complexity = "O(N) where N is the size of the value.",
     .syntax = "key",
     .handler = Dump,
     .tips = "nondeterministic_output"},
    {.name = "restore",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .keys = OneKey(kKeyOW | kKeyUpdate),
     .acl = kAclKeyspace | kAclDangerous,
     .group = "generic",
     .since = "2.6.0",
     .summary = "Sets a key to a value that DUMP returned.",
     .complexity = "O(N) where N is the size of the value.",
     .syntax = "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
     .handler = Restore},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> DumpCommands() { return kRows; }

}  // namespace duet::commands
