#include "server/tracing/backoff.h"

#include <algorithm>

namespace duet::tracing {

std::optional<absl::Duration> Backoff::Next(std::optional<absl::Duration> asked, double chance) {
  if (++failed_ >= options_.attempts) return std::nullopt;
  if (asked) return std::clamp(*asked, absl::ZeroDuration(), options_.longest);
  absl::Duration wait = options_.first;
  for (int i = 1; i < failed_ && wait < options_.longest; ++i) wait *= 2;
  return std::min(wait, options_.longest) * (1.0 - chance / 2);
}

}  // namespace duet::tracing
