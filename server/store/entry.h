// One key and its value, in one allocation. (Layout: see the top of entry.cc / below, settled by the
// owner of server/store.)
#pragma once

#include <cstdint>
#include <string_view>

namespace duet::store {

enum class ValueType : uint8_t { kString = 0, kList, kSet, kSortedSet, kHash, kStream };
enum class Encoding : uint8_t { kRaw = 0, kInteger };

// No expiry. Any other value is milliseconds since the Unix epoch.
inline constexpr int64_t kNoExpiry = -1;

// Room for the digits of an int64_t, for Entry::StringView.
struct IntegerText {
  char digits[24];
};

}  // namespace duet::store
