// Protected commands (the rows that are kProtected): may this client call one? enable-debug-command
// says it of DEBUG; MODULE LOAD, LOADEX and UNLOAD nobody may, since there are no modules: it is as
// if enable-module-command were "no".
//
// Asked by the step that queues, so that a refusal spoils the transaction, and by the handlers.
//
// Thread-safe: a pure function.
#pragma once

#include <optional>

#include "server/api/error.h"
#include "server/commands/command_spec.h"
#include "server/commands/server_context.h"
#include "server/commands/session.h"

namespace duet::commands {

// Why not. Nothing: it may. REQUIRES: `spec` is kProtected.
std::optional<Error> RefuseProtected(const CommandSpec& spec, const ServerContext& server,
                                     const Session& session);

}  // namespace duet::commands
