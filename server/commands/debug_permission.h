// enable-debug-command: may this client call DEBUG (the rows that are kProtected)?
//
// Thread-safe: a pure function.
#pragma once

#include <optional>

#include "server/api/error.h"
#include "server/commands/server_context.h"
#include "server/commands/session.h"

namespace duet::commands {

// Why not. Nothing: it may.
std::optional<Error> RefuseDebug(const ServerContext& server, const Session& session);

}  // namespace duet::commands
