// WAIT and WAITAOF: for replicas, of which there are none, and for a log on disk, which is none.
// Who asks for either waits as long as they said; a unary call and a command inside of EXEC are
// answered at once.
//
// Worker-bound, as the session.
#pragma once

#include <cstdint>

#include "server/api/reply_writer.h"
#include "server/commands/session.h"

namespace duet::commands {

// What a wait that has ended replies: nobody has anything.
void ReplyToWait(Wait::For what, ReplyWriter& reply);

// Replies if the time has come, or CLIENT UNBLOCK has. False: the session goes on waiting.
// REQUIRES: it waits for kReplicas or kReplicasLogs.
bool EndReplicaWait(Session& session, int64_t now_ms, ReplyWriter& reply);

}  // namespace duet::commands
