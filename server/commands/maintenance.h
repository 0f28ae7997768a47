// Clients that ask to be told before the server closes their connections (CLIENT
// MAINT_NOTIFICATIONS), so that they connect anew in time: to another server, where the address
// that they know leads to one.
//
// They get a push ["MOVING", number, seconds, null]: within so many seconds the connection closes;
// null means that they connect to the address that they used before (moving-endpoint-type none).
// The number is the same for all pushes about one closing.
//
// Source: the client libraries that listen to it (redis-py, node-redis, go-redis, Jedis, Lettuce,
// StackExchange.Redis); redis-server itself does not have it.
#pragma once

#include <atomic>
#include <cstdint>

#include "server/commands/command_spec.h"
#include "server/commands/session.h"

namespace duet::commands {

struct ServerContext;

// Thread-safe.
class Maintenance {
 public:
  // All connections close at `closing_ms` (wall clock): tells the clients that have asked.
  void Announce(const ServerContext& server, int64_t closing_ms);
  // The session's client is told from now on, or is not any more; if the server is about to close,
  // at once. The calling thread is the session's.
  void Listen(const ServerContext& server, Session& session, bool listens);

 private:
  std::atomic<int64_t> closing_ms_{0};  // 0: not announced
};

// CLIENT MAINT_NOTIFICATIONS: the handler.
void SwitchMaintenance(CommandContext& ctx);

}  // namespace duet::commands
