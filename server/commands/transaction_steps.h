// The steps of the dispatcher that make transactions of commands (further_steps.h).
#pragma once

#include <cstdint>

#include "server/api/error.h"
#include "server/commands/call.h"

namespace duet::commands {

// For a session that is kInTransaction: refuses what transactions may not hold, and queues the rest
// but for the commands that are executed at once.
Step QueueCommand(Call& call);
// Is it the EXEC that ends a transaction?
bool EndsTransaction(const Call& call);
// Executes such a call: replies to it, and records it and each of the commands. `ticks` as for
// Record.
void ExecuteTransaction(Call& exec, uint64_t& ticks);

// The call is refused with `error`: spoils the session's transaction, or ends it where the call is
// an EXEC. Returns the error that the client gets.
Error RefuseInTransaction(const Call& call, const Error& error);

// The flags that count for steps that hold commands back or refuse them: with those of an EXEC come
// those of the commands that it would execute.
uint32_t EffectiveFlags(const Call& call);

}  // namespace duet::commands
