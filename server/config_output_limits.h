// The text of client-output-buffer-limit, as redis.conf writes it:
//
//   normal 1gb 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60
//
// For each class the hard limit, the soft limit, and the seconds that a client may be above that.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/config.h"

namespace duet {

// Sets the classes that `text` names and leaves the others. Returns Redis' words for what is wrong
// with it, and has changed nothing then.
[[nodiscard]] std::optional<std::string> AssignOutputLimits(std::string_view text, Config& config);

// All classes: as a flag takes them, and as CONFIG GET shows them (bytes; a replica is a slave).
std::string FormatOutputLimits(const Config& config);
std::string FormatOutputLimitsForRedis(const Config& config);

}  // namespace duet
