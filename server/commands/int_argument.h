// Integer arguments, with the errors that Redis gives for them.
//
// Thread-safe: functions of their arguments only.
#pragma once

#include <string_view>

#include "server/api/error.h"

namespace duet::commands {

// A 32-bit integer: NotAnInteger() for what is not an int64, and "ERR value is out of range, value
// must between ..." for one that does not fit an int.
Expected<int> ParseIntArgument(std::string_view text);

// The number of a database, 0 to store::kDatabases - 1: the errors of ParseIntArgument, or "ERR DB
// index is out of range".
Expected<int> ParseDatabaseArgument(std::string_view text);

// "ERR DB index is out of range".
[[nodiscard]] Error DatabaseOutOfRange();

}  // namespace duet::commands
