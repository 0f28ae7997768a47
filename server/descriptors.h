// How many files the process may have open.
#pragma once

#include "absl/status/status.h"

#include "server/config.h"

namespace duet {

// Raises the limit of open descriptors to what the open doors' connections need; an error of one
// line where it cannot. Thread-safe.
absl::Status AllowDescriptors(const Config& config);

}  // namespace duet
