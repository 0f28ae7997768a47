// The options behind SET key value and GETEX key.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/api/argv.h"
#include "server/api/error.h"
#include "server/commands/value_condition.h"

namespace duet::commands {

enum class ExpireUnit : uint8_t { kEx, kPx, kExAt, kPxAt };

struct ExpireOption {
  ExpireUnit unit = ExpireUnit::kEx;
  std::string_view text;  // the number, not yet parsed: Redis looks at it after other errors
};

struct SetOptions {
  bool if_missing = false;                  // NX
  bool if_exists = false;                   // XX
  std::optional<ValueCondition> condition;  // IFEQ and its siblings
  bool get = false;                         // GET
  bool keep_expiry = false;                 // KEEPTTL
  bool persist = false;                     // PERSIST
  std::optional<ExpireOption> expire;       // EX, PX, EXAT, PXAT

  bool conditional() const { return if_missing || if_exists || condition.has_value(); }
};

enum class OptionsOf : uint8_t { kSet, kGetEx };

// Parses the options of `command` that begin at `args[first]`. The error is SyntaxError(), or that
// of a malformed digest.
Expected<SetOptions> ParseSetOptions(Argv args, size_t first, OptionsOf command);

// The time that `option` stands for in milliseconds since the epoch, which may have passed already.
// Errors: NotAnInteger(), and InvalidExpireTime(command) for zero, negatives and overflow.
Expected<int64_t> ResolveExpire(const ExpireOption& option, std::string_view command,
                                int64_t now_ms);

}  // namespace duet::commands
