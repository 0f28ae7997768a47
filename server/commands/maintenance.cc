#include "server/commands/maintenance.h"

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"

#include "server/base/numbers.h"
#include "server/commands/client_registry.h"
#include "server/commands/context.h"

namespace duet::commands {
namespace {

// The only closing that there is in the life of a process.
constexpr int kNumber = 1;

void Post(const ServerContext& server, const Session& session, int64_t closing_ms) {
  const int64_t now_ms = server.clock->WallMs();
  const int64_t seconds = std::max<int64_t>(0, closing_ms - now_ms + 999) / 1000;
  auto push = std::make_shared<const std::string>(
      absl::StrCat(">4\r\n$6\r\nMOVING\r\n:", kNumber, "\r\n:", seconds, "\r\n_\r\n"));
  session.mailbox->Send(std::move(push), server.output_limits.Get(ClientClass::kNormal), now_ms);
}

// Clients that ask for an address of some kind must not get null (node-redis ends its process), so
// they are refused, and go on without.
std::optional<Error> CheckOptions(Argv options) {
  if (options.empty()) return std::nullopt;
  if (options.size() != 2 || !EqualsIgnoreCase(options[0], "moving-endpoint-type")) {
    return SyntaxError();
  }
  if (EqualsIgnoreCase(options[1], "none")) return std::nullopt;
  return MakeError(ErrorCode::kSyntax,
                   "ERR moving-endpoint-type must be none: the server does not know another "
                   "address for its clients");
}

}  // namespace

// Either the visit below sees that the session listens, or Listen sees what was announced.
void Maintenance::Announce(const ServerContext& server, int64_t closing_ms) {
  closing_ms_.store(closing_ms, std::memory_order_relaxed);
  server.clients->ForEach([&](const Session& session) {
    if (session.hears_of_maintenance && session.protocol >= 3) Post(server, session, closing_ms);
  });
}

void Maintenance::Listen(const ServerContext& server, Session& session, bool listens) {
  server.clients->Visit(session.id,
                        [listens](Session& own) { own.hears_of_maintenance = listens; });
  const int64_t closing_ms = closing_ms_.load(std::memory_order_relaxed);
  if (listens && closing_ms != 0) Post(server, session, closing_ms);
}

void SwitchMaintenance(CommandContext& ctx) {
  const bool on = EqualsIgnoreCase(ctx.args[2], "on");
  if (!on && (!EqualsIgnoreCase(ctx.args[2], "off") || ctx.args.size() > 3)) {
    return ctx.reply.Error(SyntaxError());
  }
  if (const auto error = CheckOptions(ctx.args.subspan(3))) return ctx.reply.Error(*error);
  if (on && ctx.session.protocol < 3) {
    return ctx.reply.Error(
        MakeError(ErrorCode::kGeneric,
                  "ERR CLIENT MAINT_NOTIFICATIONS needs a connection of RESP3 (HELLO 3)"));
  }
  ctx.server.maintenance.Listen(ctx.server, ctx.session, on);
  ctx.reply.Ok();
}

}  // namespace duet::commands
