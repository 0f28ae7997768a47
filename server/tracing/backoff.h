// How long to wait before something is tried again: longer each time, a little by chance, so that
// many who were refused together do not come back together.
#pragma once

#include <optional>

#include "absl/time/time.h"

namespace duet::tracing {

struct BackoffOptions {
  absl::Duration first = absl::Seconds(1);
  absl::Duration longest = absl::Seconds(30);
  int attempts = 5;  // the first one included
};

// Thread-compatible.
class Backoff {
 public:
  explicit Backoff(const BackoffOptions& options) : options_(options) {}

  // An attempt has failed: the wait before the next. `asked` is what the other side wants, and goes
  // before our own; `chance` is from 0 to 1 and takes up to half of the wait away. Nothing: the
  // attempts are used up.
  std::optional<absl::Duration> Next(std::optional<absl::Duration> asked, double chance);

 private:
  const BackoffOptions options_;
  int failed_ = 0;
};

}  // namespace duet::tracing
