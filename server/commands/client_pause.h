// CLIENT PAUSE: commands of other clients wait, all of them or those that write.
//
// A command that may not run now is not executed: its session waits (Session::wait), and the door
// executes it when the pause is over. A gRPC call cannot wait and is refused. The keys stay as they
// are meanwhile: none that has expired is erased, in the background (server.cc) or by a reader.
#pragma once

#include <cstdint>

#include "server/commands/call.h"

namespace duet::commands {

struct CommandContext;

// The step: does the command have to wait? Clients that monitor do not, as in Redis.
Step CheckPause(Call& call);
// Does the session that waits for the end of the pause have to go on waiting? Tells it until when.
bool PauseGoesOn(ServerContext& server, Session& session, int64_t now_ms);
// Is a pause of any kind in force?
bool IsPaused(const ServerContext& server, int64_t now_ms);

// The handlers of CLIENT PAUSE and CLIENT UNPAUSE.
void PauseClients(CommandContext& ctx);
void UnpauseClients(CommandContext& ctx);

}  // namespace duet::commands
