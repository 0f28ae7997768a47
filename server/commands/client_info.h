// A client as CLIENT LIST, CLIENT INFO and the filters of CLIENT KILL see it.
//
// Thread-safe for sessions that are entered in the ClientRegistry, while they stay there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/api/error.h"

namespace duet::commands {

class Session;
struct CommandContext;

// Redis' types of clients. Nobody replicates here: there are no masters and no replicas.
enum class ClientKind : uint8_t { kNormal, kMaster, kReplica, kPubsub };

ClientKind KindOf(const Session& session);
// "normal", "master", "replica", "slave", "pubsub", in any case, or "ERR Unknown client type ...".
Expected<ClientKind> ParseClientKind(std::string_view text);

// One line of CLIENT LIST, without its line feed. The fields are those of Redis 7.4, and behind
// them tot-net-in, tot-net-out and tot-cmds of Redis 8.
std::string DescribeClient(const Session& session, int64_t now_ms);

// The handlers of CLIENT LIST, CLIENT KILL and CLIENT UNBLOCK.
void ListClients(CommandContext& ctx);
void KillClients(CommandContext& ctx);
void UnblockClient(CommandContext& ctx);

}  // namespace duet::commands
