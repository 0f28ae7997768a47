#include "server/commands/expire_options.h"

#include <optional>
#include <string>

#include "server/base/numbers.h"
#include "server/store/entry.h"

namespace duet::commands {

bool ExpireCondition::Allows(int64_t current_ms, int64_t wanted_ms) const {
  const bool has_expiry = current_ms != store::kNoExpiry;
  if (nx && has_expiry) return false;
  if (xx && !has_expiry) return false;
  if (gt && (!has_expiry || wanted_ms <= current_ms)) return false;
  if (lt && has_expiry && wanted_ms >= current_ms) return false;
  return true;
}

Expected<ExpireCondition> ParseExpireCondition(Argv options) {
  ExpireCondition condition;
  for (const std::string_view option : options) {
    if (EqualsIgnoreCase(option, "nx")) {
      condition.nx = true;
    } else if (EqualsIgnoreCase(option, "xx")) {
      condition.xx = true;
    } else if (EqualsIgnoreCase(option, "gt")) {
      condition.gt = true;
    } else if (EqualsIgnoreCase(option, "lt")) {
      condition.lt = true;
    } else {
      return MakeError(ErrorCode::kSyntax, "ERR Unsupported option " + std::string(option));
    }
  }
  if (condition.nx && (condition.xx || condition.gt || condition.lt)) {
    return MakeError(ErrorCode::kSyntax,
                     "ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (condition.gt && condition.lt) {
    return MakeError(ErrorCode::kSyntax,
                     "ERR GT and LT options at the same time are not compatible");
  }
  return condition;
}

Expected<int64_t> ParseExpireTime(std::string_view text, int64_t unit_ms, int64_t base_ms,
                                  std::string_view command) {
  const std::optional<int64_t> amount = ParseInt64(text);
  if (!amount) return NotAnInteger();
  const std::optional<int64_t> offset_ms = CheckedMultiply(*amount, unit_ms);
  if (!offset_ms) return InvalidExpireTime(command);
  const std::optional<int64_t> when_ms = CheckedAdd(base_ms, *offset_ms);
  if (!when_ms) return InvalidExpireTime(command);
  return *when_ms;
}

}  // namespace duet::commands
