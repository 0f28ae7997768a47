// The arguments of the EXPIRE family: the condition NX, XX, GT, LT and the time.
//
// Thread-safe: functions of their arguments only.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/api/argv.h"
#include "server/api/error.h"

namespace duet::commands {

// When an expiry may be changed. XX goes together with GT or LT; NX with none of them.
struct ExpireCondition {
  bool nx = false;  // only where there is none
  bool xx = false;  // only where there is one
  bool gt = false;  // only to a later time; none counts as never
  bool lt = false;  // only to an earlier time

  // May `current_ms` (store::kNoExpiry: none) become `wanted_ms`?
  bool Allows(int64_t current_ms, int64_t wanted_ms) const;
};

// Parses what follows key and time: any of NX, XX, GT, LT, in any case.
Expected<ExpireCondition> ParseExpireCondition(Argv options);

// `text` units of `unit_ms` milliseconds after `base_ms`, in milliseconds since the epoch; may lie
// in the past. InvalidExpireTime(command) where it overflows.
Expected<int64_t> ParseExpireTime(std::string_view text, int64_t unit_ms, int64_t base_ms,
                                  std::string_view command);

}  // namespace duet::commands
