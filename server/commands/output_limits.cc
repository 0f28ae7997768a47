#include "server/commands/output_limits.h"

#include "server/commands/client_registry.h"
#include "server/commands/server_context.h"
#include "server/commands/session.h"

namespace duet::commands {

void EnforceOutputLimits(ServerContext& server) {
  const int64_t now_ms = server.clock->WallMs();
  const OutputLimit normal = server.output_limits.Get(ClientClass::kNormal);
  const OutputLimit pubsub = server.output_limits.Get(ClientClass::kPubsub);
  server.clients->ForEach([&](Session& session) {
    session.mailbox->Enforce(session.has(kSubscribed) ? pubsub : normal, now_ms);
  });
}

}  // namespace duet::commands
