#include "server/commands/set_options.h"

#include "server/base/numbers.h"

namespace duet::commands {
namespace {

std::optional<ExpireUnit> ParseUnit(std::string_view option) {
  if (EqualsIgnoreCase(option, "ex")) return ExpireUnit::kEx;
  if (EqualsIgnoreCase(option, "px")) return ExpireUnit::kPx;
  if (EqualsIgnoreCase(option, "exat")) return ExpireUnit::kExAt;
  if (EqualsIgnoreCase(option, "pxat")) return ExpireUnit::kPxAt;
  return std::nullopt;
}

// One option after another, each with what it excludes. Take… return false where the option is not
// theirs or is excluded, which is a syntax error in the end.
class Parser {
 public:
  explicit Parser(OptionsOf command) : command_(command) {}

  // `operand` is the argument behind `option`; null at the end. Sets `used` if it was taken.
  bool Take(std::string_view option, const std::string_view* operand, bool& used) {
    if (command_ == OptionsOf::kSet ? TakeSetFlag(option) : TakePersist(option)) return true;
    if (operand == nullptr) return false;
    used = TakeExpire(option, *operand) || TakeCondition(option, *operand);
    return used;
  }

  const SetOptions& options() const { return options_; }

 private:
  bool TakeSetFlag(std::string_view option) {
    if (EqualsIgnoreCase(option, "nx")) {
      options_.if_missing = true;
      return !options_.if_exists && !options_.condition;
    }
    if (EqualsIgnoreCase(option, "xx")) {
      options_.if_exists = true;
      return !options_.if_missing && !options_.condition;
    }
    if (EqualsIgnoreCase(option, "get")) return options_.get = true;
    if (EqualsIgnoreCase(option, "keepttl")) {
      options_.keep_expiry = true;
      return !options_.expire;
    }
    return false;
  }

  bool TakePersist(std::string_view option) {
    if (!EqualsIgnoreCase(option, "persist")) return false;
    options_.persist = true;
    return !options_.expire;
  }

  // The same unit may come twice, and the last one counts, as in Redis.
  bool TakeExpire(std::string_view option, std::string_view operand) {
    const auto unit = ParseUnit(option);
    if (!unit || options_.keep_expiry || options_.persist) return false;
    if (options_.expire && options_.expire->unit != *unit) return false;
    options_.expire = ExpireOption{*unit, operand};
    return true;
  }

  bool TakeCondition(std::string_view option, std::string_view operand) {
    const auto comparison = ParseComparison(option);
    if (!comparison || command_ != OptionsOf::kSet || options_.conditional()) return false;
    options_.condition = ValueCondition{*comparison, operand};
    return true;
  }

  const OptionsOf command_;
  SetOptions options_;
};

}  // namespace

Expected<SetOptions> ParseSetOptions(Argv args, size_t first, OptionsOf command) {
  Parser parser(command);
  for (size_t i = first; i < args.size(); ++i) {
    const std::string_view* operand = i + 1 < args.size() ? &args[i + 1] : nullptr;
    bool used_operand = false;
    if (!parser.Take(args[i], operand, used_operand)) return SyntaxError();
    if (used_operand) ++i;
  }
  const SetOptions& options = parser.options();
  if (options.condition) {
    if (auto error = CheckDigest(*options.condition)) return *std::move(error);
  }
  return options;
}

Expected<int64_t> ResolveExpire(const ExpireOption& option, std::string_view command,
                                int64_t now_ms) {
  const auto number = ParseInt64(option.text);
  if (!number) return NotAnInteger();
  if (*number <= 0) return InvalidExpireTime(command);
  const bool seconds = option.unit == ExpireUnit::kEx || option.unit == ExpireUnit::kExAt;
  const bool relative = option.unit == ExpireUnit::kEx || option.unit == ExpireUnit::kPx;
  auto at_ms = CheckedMultiply(*number, seconds ? 1000 : 1);
  if (at_ms && relative) at_ms = CheckedAdd(*at_ms, now_ms);
  if (!at_ms) return InvalidExpireTime(command);
  return *at_ms;
}

}  // namespace duet::commands
