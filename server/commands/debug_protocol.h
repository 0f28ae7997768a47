// DEBUG PROTOCOL type: a reply of that type, for those who write parsers of replies.
#pragma once

#include "server/commands/context.h"

namespace duet::commands {

// The type is the command's third word. Replies with an error where there is no such type.
void DebugProtocol(CommandContext& ctx);

}  // namespace duet::commands
