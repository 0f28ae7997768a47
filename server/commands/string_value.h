// What the string commands share: replying with a string, and its limits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/base/limits.h"
#include "server/commands/command_spec.h"
#include "server/commands/context.h"
#include "server/store/entry.h"

namespace duet::commands {

// One key, the first argument, as most string commands have it.
constexpr KeySpec OneKey(uint16_t access) {
  return {.first = 1, .last = 1, .step = 1, .access = access};
}

// True if `entry` is missing or a string; else writes WRONGTYPE.
inline bool IsStringOrMissing(CommandContext& ctx, const store::Entry* entry) {
  if (entry == nullptr || entry->type() == store::ValueType::kString) [[likely]]
    return true;
  ctx.reply.Error(WrongType());
  return false;
}

// REQUIRES: `entry` is a string.
inline void ReplyString(ReplyWriter& reply, const store::Entry& entry) {
  if (entry.IsInteger()) return reply.BulkInteger(entry.integer());
  store::IntegerText unused;
  reply.Bulk(entry.StringView(unused));
}

// As GET replies: the string, null where it is missing, WRONGTYPE. False where it was WRONGTYPE.
inline bool ReplyStringOrNull(CommandContext& ctx, const store::Entry* entry) {
  if (!IsStringOrMissing(ctx, entry)) return false;
  entry == nullptr ? ctx.reply.Null() : ReplyString(ctx.reply, *entry);
  return true;
}

// True if a string of `size` bytes may grow by `more`; else writes Redis' error.
inline bool MayGrow(CommandContext& ctx, uint64_t size, uint64_t more) {
  const Limits& limits = *ctx.server.limits;
  const uint64_t limit = std::min(limits.max_bulk_bytes, limits.max_value_bytes);
  if (size <= limit && more <= limit - size) return true;
  ctx.reply.Error(
      MakeError(ErrorCode::kLimit, "ERR string exceeds maximum allowed size (proto-max-bulk-len)"));
  return false;
}

}  // namespace duet::commands
