// The steps that only a mode of the session or of the server asks for (SessionMode, ServerMode).
// The dispatcher asks with one test a command, so that they cost nothing while no mode is on.
#pragma once

#include <cstdint>
#include <memory>

#include "server/api/reply_writer.h"
#include "server/commands/call.h"

namespace duet::commands {

// What keeps a command from being executed now. In this order:
//   CheckSubscribed  a client of RESP2 that listens to a channel may call few commands
//   CheckPause       CLIENT PAUSE
//   MakeRoom         maxmemory: evicts keys, and refuses what takes memory where it cannot
//   QueueCommand     between MULTI and EXEC
Step TakeFurtherSteps(Call& call);

// Locks, executes and records a command that goes on, or what EXEC executes.
void ExecuteInMode(Call& call, uint64_t& ticks);
// A handler with what the modes ask for under the locks: as RunHandler.
[[nodiscard]] std::shared_ptr<void> RunInMode(Call& call, store::ShardLocks& locks);

// Ends a session's wait, if it is time: writes the reply that is owed. False: it goes on waiting.
bool EndWait(ServerContext& server, Session& session, int64_t now_ms, ReplyWriter& reply);

}  // namespace duet::commands
