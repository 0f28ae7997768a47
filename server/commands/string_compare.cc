// Compare and set, without reading first: DIGEST, DELEX, and the conditions that SET shares.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/base/hash.h"
#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/string_value.h"
#include "server/commands/value_condition.h"

namespace duet::commands {

std::optional<Comparison> ParseComparison(std::string_view option) {
  if (EqualsIgnoreCase(option, "ifeq")) return Comparison::kEqual;
  if (EqualsIgnoreCase(option, "ifne")) return Comparison::kNotEqual;
  if (EqualsIgnoreCase(option, "ifdeq")) return Comparison::kDigestEqual;
  if (EqualsIgnoreCase(option, "ifdne")) return Comparison::kDigestNotEqual;
  return std::nullopt;
}

std::optional<Error> CheckDigest(const ValueCondition& condition) {
  constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
  const bool compares_digests = condition.comparison == Comparison::kDigestEqual ||
                                condition.comparison == Comparison::kDigestNotEqual;
  if (!compares_digests) return std::nullopt;
  if (condition.operand.size() == 16 &&
      condition.operand.find_first_not_of(kHexDigits) == std::string_view::npos) {
    return std::nullopt;
  }
  return MakeError(ErrorCode::kSyntax, "ERR must be exactly 16 hexadecimal characters");
}

bool Holds(const ValueCondition& condition, const store::Entry& entry) {
  store::IntegerText scratch;
  const std::string_view value = entry.StringView(scratch);
  switch (condition.comparison) {
    case Comparison::kEqual:
      return value == condition.operand;
    case Comparison::kNotEqual:
      return value != condition.operand;
    case Comparison::kDigestEqual:
      return EqualsIgnoreCase(DigestText(value), condition.operand);
    case Comparison::kDigestNotEqual:
      return !EqualsIgnoreCase(DigestText(value), condition.operand);
  }
  return false;
}

bool HoldsForMissing(const ValueCondition& condition) {
  return condition.comparison == Comparison::kNotEqual ||
         condition.comparison == Comparison::kDigestNotEqual;
}

std::string DigestText(std::string_view value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  uint64_t digest = HashBytes(value, 0);
  std::string text(16, '0');
  for (size_t i = text.size(); i-- > 0; digest >>= 4) text[i] = kHex[digest & 15];
  return text;
}

namespace {

// DIGEST key
void Digest(CommandContext& ctx) {
  const store::Entry* entry = ctx.Read(ctx.key());
  if (!IsStringOrMissing(ctx, entry)) return;
  if (entry == nullptr) return ctx.reply.Null();
  store::IntegerText scratch;
  ctx.reply.Bulk(DigestText(entry->StringView(scratch)));
}

// What keeps DELEX from deleting the string at `entry`: an error, or an unmet condition (false).
Expected<bool> MayDelete(Argv args, const store::Entry& entry) {
  if (entry.type() != store::ValueType::kString) {
    return MakeError(ErrorCode::kWrongType,
                     "ERR Key should be of string type if conditions are specified");
  }
  const auto comparison = ParseComparison(args[2]);
  if (!comparison) {
    return MakeError(ErrorCode::kSyntax, "ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE");
  }
  const ValueCondition condition{*comparison, args[3]};
  if (auto error = CheckDigest(condition)) return *std::move(error);
  return Holds(condition, entry);
}

void DeleteAndReply(CommandContext& ctx) {
  const bool erased = ctx.db.Erase(ctx.key());
  if (erased) ctx.Notify(kGenericEvent, "del", ctx.key());
  ctx.reply.Integer(erased ? 1 : 0);
}

// DELEX key [IFEQ value | IFNE value | IFDEQ digest | IFDNE digest]
void DelEx(CommandContext& ctx) {
  if (ctx.args.size() == 2) return DeleteAndReply(ctx);
  if (ctx.args.size() != 4) return ctx.reply.Error(WrongArity("delex"));
  const store::Entry* entry = ctx.db.Find(ctx.key());
  if (entry == nullptr) return ctx.reply.Integer(0);
  const Expected<bool> may_delete = MayDelete(ctx.args, *entry);
  if (!may_delete.ok()) return ctx.reply.Error(may_delete.error());
  if (!*may_delete) return ctx.reply.Integer(0);
  DeleteAndReply(ctx);
}

constexpr CommandSpec kRows[] = {
    {.name = "delex",
     .arity = -2,
     .flags = kWrite | kFast,
     .keys = OneKey(kKeyRW | kKeyDelete | kKeyVariable),
     .acl = kAclString,
     .group = "string",
     .since = "8.4.0",
     .summary = "Deletes a key if its value, or the digest of it, is or is not what is given.",
     .complexity = "O(1) for IFEQ and IFNE, O(N) for IFDEQ and IFDNE, N being the value's length.",
     .syntax = "key [IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest]",
     .handler = DelEx},
    {.name = "digest",
     .arity = 2,
     .flags = kReadOnly | kFast,
     .keys = OneKey(kKeyRO | kKeyAccess),
     .acl = kAclString,
     .group = "string",
     .since = "8.4.0",
     .summary = "Returns the XXH3 digest of a string as 16 hexadecimal digits.",
     .complexity = "O(N) where N is the length of the value.",
     .syntax = "key",
     .handler = Digest},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> StringCompareCommands() { return kRows; }

}  // namespace duet::commands
