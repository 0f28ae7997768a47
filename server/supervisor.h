// What passes between the process and whoever supervises it: systemd, and the health check of a
// container runtime, which has no shell and no curl to ask with.
//
// Thread class: for the main thread.
#pragma once

#include <string_view>

#include "absl/status/status.h"

#include "server/config.h"

namespace duet {

// Tells systemd about a service of Type=notify: "READY=1", "STOPPING=1". Nothing is told where
// nobody asked (NOTIFY_SOCKET is not set), or where the socket takes nothing.
// Source: sd_notify(3).
void NotifySystemd(std::string_view state);

// Asks the server that runs on this machine with this configuration whether it is ready (/readyz of
// its admin listener). OK, or what it says, or why it could not be asked. Blocks for a few seconds
// at the most.
absl::Status CheckHealthBlocking(const Config& config);

}  // namespace duet
