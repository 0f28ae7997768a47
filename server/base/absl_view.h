// Debian builds Abseil with a string_view of its own, which converts to std's but not from it.
#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace duet {

// The same bytes, for look-ups in Abseil's tables and for its functions.
inline absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace duet
