#include "server/commands/int_argument.h"

#include <cstdint>
#include <limits>
#include <optional>

#include "server/base/numbers.h"
#include "server/store/store.h"

namespace duet::commands {

Expected<int> ParseIntArgument(std::string_view text) {
  const std::optional<int64_t> value = ParseInt64(text);
  if (!value) return NotAnInteger();
  if (*value < std::numeric_limits<int>::min() || *value > std::numeric_limits<int>::max()) {
    return MakeError(ErrorCode::kOutOfRange,
                     "ERR value is out of range, value must between -2147483648 and 2147483647");
  }
  return static_cast<int>(*value);
}

Expected<int> ParseDatabaseArgument(std::string_view text) {
  Expected<int> index = ParseIntArgument(text);
  if (index && (*index < 0 || *index >= store::kDatabases)) return DatabaseOutOfRange();
  return index;
}

Error DatabaseOutOfRange() {
  return MakeError(ErrorCode::kOutOfRange, "ERR DB index is out of range");
}

}  // namespace duet::commands
