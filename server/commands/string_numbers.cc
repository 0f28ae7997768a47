// Strings as numbers: INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT. All keep the key's expiry.
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/string_value.h"

namespace duet::commands {
namespace {

// The integer that the string `entry` is. A string of digits that was appended to or written into
// is held as bytes and still an integer.
std::optional<int64_t> IntegerOf(const store::Entry& entry) {
  if (entry.IsInteger()) return entry.integer();
  store::IntegerText unused;
  return ParseInt64(entry.StringView(unused));
}

void Add(CommandContext& ctx, int64_t increment) {
  const store::Entry* entry = ctx.db.Find(ctx.key());
  if (!IsStringOrMissing(ctx, entry)) return;
  const std::optional<int64_t> value = entry == nullptr ? 0 : IntegerOf(*entry);
  if (!value) return ctx.reply.Error(NotAnInteger());
  const std::optional<int64_t> sum = CheckedAdd(*value, increment);
  if (!sum) {
    return ctx.reply.Error(
        MakeError(ErrorCode::kOutOfRange, "ERR increment or decrement would overflow"));
  }
  ctx.db.SetIntegerKeepExpiry(ctx.key(), *sum);
  ctx.Notify(kStringEvent, "incrby", ctx.key());
  ctx.reply.Integer(*sum);
}

// INCR key
void Incr(CommandContext& ctx) { Add(ctx, 1); }

// DECR key
void Decr(CommandContext& ctx) { Add(ctx, -1); }

// INCRBY key increment
void IncrBy(CommandContext& ctx) {
  const auto increment = ParseInt64(ctx.args[2]);
  if (!increment) return ctx.reply.Error(NotAnInteger());
  Add(ctx, *increment);
}

// DECRBY key decrement
void DecrBy(CommandContext& ctx) {
  const auto decrement = ParseInt64(ctx.args[2]);
  if (!decrement) return ctx.reply.Error(NotAnInteger());
  if (*decrement == std::numeric_limits<int64_t>::min()) {
    return ctx.reply.Error(MakeError(ErrorCode::kOutOfRange, "ERR decrement would overflow"));
  }
  Add(ctx, -*decrement);
}

// INCRBYFLOAT key increment
void IncrByFloat(CommandContext& ctx) {
  const store::Entry* entry = ctx.db.Find(ctx.key());
  if (!IsStringOrMissing(ctx, entry)) return;
  store::IntegerText scratch;
  const std::optional<long double> value =
      entry == nullptr ? 0.0L : ParseLongDouble(entry->StringView(scratch));
  const std::optional<long double> increment = ParseLongDouble(ctx.args[2]);
  if (!value || !increment) return ctx.reply.Error(NotAFloat());
  const long double sum = *value + *increment;
  if (!std::isfinite(sum)) {
    return ctx.reply.Error(
        MakeError(ErrorCode::kOutOfRange, "ERR increment would produce NaN or Infinity"));
  }
  const std::string text = FormatLongDouble(sum);
  ctx.db.SetBytesKeepExpiry(ctx.key(), text);
  ctx.Notify(kStringEvent, "incrbyfloat", ctx.key());
  ctx.reply.Bulk(text);
}

constexpr uint32_t kFlags = kWrite | kDenyOom | kFast;
constexpr KeySpec kKey = OneKey(kKeyRW | kKeyAccess | kKeyUpdate);
constexpr std::string_view kConstant = "O(1)";

constexpr CommandSpec kRows[] = {
    {.name = "incr",
     .arity = 2,
     .flags = kFlags,
     .keys = kKey,
     .acl = kAclString,
     .group = "string",
     .since = "1.0.0",
     .summary = "Adds one to the integer at a key; a missing key is 0.",
     .complexity = kConstant,
     .syntax = "key",
     .handler = Incr},
    {.name = "decr",
     .arity = 2,
     .flags = kFlags,
     .keys = kKey,
     .acl = kAclString,
     .group = "string",
     .since = "1.0.0",
     .summary = "Subtracts one from the integer at a key; a missing key is 0.",
     .complexity = kConstant,
     .syntax = "key",
     .handler = Decr},
    {.name = "incrby",
     .arity = 3,
     .flags = kFlags,
     .keys = kKey,
     .acl = kAclString,
     .group = "string",
     .since = "1.0.0",
     .summary = "Adds to the integer at a key; a missing key is 0.",
     .complexity = kConstant,
     .syntax = "key increment",
     .handler = IncrBy},
    {.name = "decrby",
     .arity = 3,
     .flags = kFlags,
     .keys = kKey,
     .acl = kAclString,
     .group = "string",
     .since = "1.0.0",
     .summary = "Subtracts from the integer at a key; a missing key is 0.",
     .complexity = kConstant,
     .syntax = "key decrement",
     .handler = DecrBy},
    {.name = "incrbyfloat",
     .arity = 3,
     .flags = kFlags,
     .keys = kKey,
     .acl = kAclString,
     .group = "string",
     .since = "2.6.0",
     .summary = "Adds to the floating-point number at a key; a missing key is 0.",
     .complexity = kConstant,
     .syntax = "key increment",
     .handler = IncrByFloat},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> StringNumberCommands() { return kRows; }

}  // namespace duet::commands
