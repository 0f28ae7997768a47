// What the status page shows beside the metrics: the slow log and the clients, as JSON.
//
// The admin listener asks nobody for a password, so neither keys nor values are in it: of a slow
// command only its name.
#pragma once

#include <string>
#include <string_view>

#include "server/commands/server_context.h"

namespace duet {

// An object with "version", "ready", "slow_log" (the newest kMostSlow), "client_count" and
// "clients" (kMostClients of them, those that were active last). Thread-safe.
std::string StatusJson(commands::ServerContext& server, std::string_view version, bool ready);

inline constexpr size_t kMostSlow = 20;
inline constexpr size_t kMostClients = 50;

}  // namespace duet
