// What the server says it is.
#pragma once

#include <string_view>

namespace duet::commands {

// The version of Redis whose commands, options and error texts these are. Clients read it from
// HELLO and INFO to decide what they may ask for.
inline constexpr std::string_view kRedisVersion = "7.4.0";
inline constexpr std::string_view kDuetVersion = "0.1.0";

}  // namespace duet::commands
