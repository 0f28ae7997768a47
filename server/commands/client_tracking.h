// CLIENT TRACKING, CACHING, TRACKINGINFO and GETREDIR: handlers (client_command.cc has the rows).
#pragma once

namespace duet::commands {

struct CommandContext;
struct Call;

void SwitchTracking(CommandContext& ctx);
void AnnounceCaching(CommandContext& ctx);
void ShowTracking(CommandContext& ctx);
void ShowRedirect(CommandContext& ctx);

// What CLIENT CACHING said holds for one command, which was this one unless it is one more CLIENT:
// in a transaction, for all of it.
void EndCaching(const Call& call);

}  // namespace duet::commands
