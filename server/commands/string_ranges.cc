// Parts of strings: APPEND, STRLEN, GETRANGE (SUBSTR), SETRANGE.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/string_value.h"

namespace duet::commands {
namespace {

// APPEND key value
void Append(CommandContext& ctx) {
  const std::string_view tail = ctx.args[2];
  const store::Entry* entry = ctx.db.Find(ctx.key());
  if (!IsStringOrMissing(ctx, entry)) return;
  const size_t old_size = entry == nullptr ? 0 : entry->StringSize();
  if (!MayGrow(ctx, old_size, tail.size())) return;
  if (entry == nullptr || old_size + tail.size() == 0) {
    ctx.db.SetStringKeepExpiry(ctx.key(), tail);
  } else {
    // With an empty tail too: for those who watch the key, APPEND is always a change.
    const std::span<char> bytes = ctx.db.ResizeString(ctx.key(), old_size + tail.size());
    tail.copy(bytes.data() + old_size, tail.size());
  }
  ctx.Notify(kStringEvent, "append", ctx.key());
  ctx.reply.Integer(static_cast<int64_t>(old_size + tail.size()));
}

// STRLEN key
void StrLen(CommandContext& ctx) {
  const store::Entry* entry = ctx.Read(ctx.key());
  if (!IsStringOrMissing(ctx, entry)) return;
  ctx.reply.Integer(entry == nullptr ? 0 : static_cast<int64_t>(entry->StringSize()));
}

// The bytes from `start` to `end`, both included, each counted from the end if negative, as Redis
// 7 cuts them: an end before the first byte counts as the first byte.
std::string_view Slice(std::string_view text, int64_t start, int64_t end) {
  const auto size = static_cast<int64_t>(text.size());
  if (start < 0 && end < 0 && start > end) return {};
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (end < 0) end = std::max<int64_t>(end + size, 0);
  end = std::min(end, size - 1);
  if (start > end) return {};
  return text.substr(static_cast<size_t>(start), static_cast<size_t>(end - start + 1));
}

// GETRANGE key start end
void GetRange(CommandContext& ctx) {
  const auto start = ParseInt64(ctx.args[2]);
  const auto end = ParseInt64(ctx.args[3]);
  if (!start || !end) return ctx.reply.Error(NotAnInteger());
  const store::Entry* entry = ctx.Read(ctx.key());
  if (!IsStringOrMissing(ctx, entry)) return;
  if (entry == nullptr) return ctx.reply.Bulk("");
  store::IntegerText scratch;
  ctx.reply.Bulk(Slice(entry->StringView(scratch), *start, *end));
}

// SETRANGE key offset value
void SetRange(CommandContext& ctx) {
  const auto offset = ParseInt64(ctx.args[2]);
  if (!offset) return ctx.reply.Error(NotAnInteger());
  if (*offset < 0) {
    return ctx.reply.Error(MakeError(ErrorCode::kOutOfRange, "ERR offset is out of range"));
  }
  const std::string_view patch = ctx.args[3];
  const store::Entry* entry = ctx.db.Find(ctx.key());
  if (!IsStringOrMissing(ctx, entry)) return;
  const size_t old_size = entry == nullptr ? 0 : entry->StringSize();
  if (patch.empty()) return ctx.reply.Integer(static_cast<int64_t>(old_size));
  const auto at = static_cast<size_t>(*offset);
  if (!MayGrow(ctx, at, patch.size())) return;
  const std::span<char> bytes =
      ctx.db.ResizeString(ctx.key(), std::max(old_size, at + patch.size()));
  std::memcpy(bytes.data() + at, patch.data(), patch.size());
  ctx.Notify(kStringEvent, "setrange", ctx.key());
  ctx.reply.Integer(static_cast<int64_t>(bytes.size()));
}

constexpr CommandSpec kRows[] = {
    {.name = "append",
     .arity = 3,
     .flags = kWrite | kDenyOom | kFast,
     .keys = OneKey(kKeyRW | kKeyInsert),
     .acl = kAclString,
     .group = "string",
     .since = "2.0.0",
     .summary = "Appends to the string at a key; a missing key is the empty string.",
     .complexity = "O(1)",
     .syntax = "key value",
     .handler = Append},
    {.name = "strlen",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = OneKey(kKeyRO),
     .acl = kAclString,
     .group = "string",
     .since = "2.2.0",
     .summary = "Returns the length of the string at a key in bytes.",
     .complexity = "O(1)",
     .syntax = "key",
     .handler = StrLen},
    {.name = "getrange",
     .arity = 4,
     .flags = kReadOnly,
     .keys = OneKey(kKeyRO | kKeyAccess),
     .acl = kAclString,
     .group = "string",
     .since = "2.4.0",
     .summary = "Returns a part of the string at a key.",
     .complexity = "O(N) where N is the length of the part.",
     .syntax = "key start end",
     .handler = GetRange},
    {.name = "substr",
     .arity = 4,
     .flags = kReadOnly,
     .keys = OneKey(kKeyRO | kKeyAccess),
     .acl = kAclString,
     .group = "string",
     .since = "1.0.0",
     .summary = "Returns a part of the string at a key.",
     .complexity = "O(N) where N is the length of the part.",
     .syntax = "key start end",
     .handler = GetRange,
     .deprecated_since = "2.0.0",
     .replaced_by = "`GETRANGE`"},
    {.name = "setrange",
     .arity = 4,
     .flags = kWrite | kDenyOom,
     .keys = OneKey(kKeyRW | kKeyUpdate),
     .acl = kAclString,
     .group = "string",
     .since = "2.2.0",
     .summary = "Overwrites a part of the string at a key, padding it with zero bytes.",
     .complexity = "O(1) for a short value, else O(N) where N is its length.",
     .syntax = "key offset value",
     .handler = SetRange},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> StringRangeCommands() { return kRows; }

}  // namespace duet::commands
