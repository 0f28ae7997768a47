#include "server/commands/debug_permission.h"

#include <string>

namespace duet::commands {
namespace {

bool IsLocal(const Session& session) {
  const std::string address = session.PeerAddress();
  return address.starts_with("127.") || address.starts_with("[::1]:") || address.starts_with("/");
}

}  // namespace

std::optional<Error> RefuseDebug(const ServerContext& server, const Session& session) {
  const DebugAccess access = server.debug_access;
  if (access == DebugAccess::kYes) return std::nullopt;
  if (access == DebugAccess::kLocal && IsLocal(session)) return std::nullopt;
  return MakeError(
      ErrorCode::kNoPermission,
      "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", "
      "you can run it from a local connection, otherwise you need to set this option in the "
      "configuration file, and then restart the server.");
}

}  // namespace duet::commands
