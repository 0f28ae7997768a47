// The arguments of SCAN.
//
// Thread-safe: functions of their arguments only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/api/argv.h"
#include "server/api/error.h"

namespace duet::commands {

// The views point into the arguments.
struct ScanOptions {
  uint64_t cursor = 0;
  uint64_t count = 10;                      // keys to visit, not to return
  std::optional<std::string_view> match{};  // a glob that keys must match
  std::optional<std::string_view> type{};  // a type's name, in any case; unknown ones match nothing
};

// Parses "cursor [MATCH pattern] [COUNT count] [TYPE type]", the options in any order; of one given
// twice the last counts. Errors: "ERR invalid cursor", NotAnInteger(), SyntaxError().
Expected<ScanOptions> ParseScanOptions(Argv args);

}  // namespace duet::commands
