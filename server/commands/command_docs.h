// COMMAND DOCS.
#pragma once

namespace duet::commands {

struct CommandContext;

// COMMAND DOCS [command-name ...]: a map of what is known of each that exists; without names, of
// all.
void ReplyCommandDocs(CommandContext& ctx);

}  // namespace duet::commands
