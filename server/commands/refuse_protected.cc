#include "server/commands/refuse_protected.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace duet::commands {
namespace {

bool IsLocal(const Session& session) {
  const std::string address = session.PeerAddress();
  return address.starts_with("127.") || address.starts_with("[::1]:") || address.starts_with("/");
}

bool IsAllowed(DebugAccess access, const Session& session) {
  return access == DebugAccess::kYes || (access == DebugAccess::kLocal && IsLocal(session));
}

Error NotAllowed(const char* command, const char* option) {
  return MakeError(
      ErrorCode::kNoPermission,
      absl::StrCat("ERR ", command, " command not allowed. If the ", option,
                   " option is set to \"local\", you can run it from a local connection, otherwise "
                   "you need to set this option in the configuration file, and then restart the "
                   "server."));
}

}  // namespace

std::optional<Error> RefuseProtected(const CommandSpec& spec, const ServerContext& server,
                                     const Session& session) {
  if (spec.name != "debug") return NotAllowed("MODULE", "enable-module-command");
  if (IsAllowed(server.debug_access, session)) return std::nullopt;
  return NotAllowed("DEBUG", "enable-debug-command");
}

}  // namespace duet::commands
