#include "server/commands/client_pause.h"

#include <optional>

#include "server/base/numbers.h"
#include "server/commands/client_registry.h"
#include "server/commands/command_spec.h"
#include "server/commands/context.h"
#include "server/commands/help_text.h"
#include "server/commands/transaction_steps.h"

namespace duet::commands {
namespace {

bool MayWrite(const Call& call) { return (EffectiveFlags(call) & (kWrite | kMayReplicate)) != 0; }

// A pause that is over costs every command a look at it, so the first that sees its end takes the
// mode away; a pause that somebody sets at the same moment gets it back.
void ForgetPauseThatIsOver(ServerContext& server, int64_t now_ms) {
  if (now_ms < server.clients->pause().until_ms) return;
  server.modes.Set(kPaused, false);
  if (now_ms < server.clients->pause().until_ms) server.modes.Set(kPaused, true);
}

Expected<int64_t> ParsePauseEnd(std::string_view text, int64_t now_ms) {
  const std::optional<int64_t> timeout_ms = ParseInt64(text);
  if (!timeout_ms) {
    return MakeError(ErrorCode::kOutOfRange, "ERR timeout is not an integer or out of range");
  }
  if (*timeout_ms < 0) return MakeError(ErrorCode::kOutOfRange, "ERR timeout is negative");
  const std::optional<int64_t> end_ms = CheckedAdd(now_ms, *timeout_ms);
  if (!end_ms) return MakeError(ErrorCode::kOutOfRange, "ERR timeout is out of range");
  return *end_ms;
}

}  // namespace

// A session says that it waits before it reads the pause again: either it sees that the pause has
// ended, or ClientRegistry::Unpause sees that it waits, and wakes it.
Step CheckPause(Call& call) {
  if (!call.server.modes.Has(kPaused) || call.session.has(kMonitors)) return Step::kGoOn;
  const bool write = MayWrite(call);
  if (!call.session.is_connection()) {
    if (!call.server.clients->pause().holds(write, call.now_ms)) return Step::kGoOn;
    Refuse(call, MakeError(ErrorCode::kUnavailable, "ERR the server is paused (CLIENT PAUSE)"));
    return Step::kAnswered;
  }
  call.session.StartWait(Wait{.what = Wait::For::kUnpause, .holds_writes = write});
  if (PauseGoesOn(call.server, call.session, call.now_ms)) return Step::kWait;
  call.session.StopWait();
  return Step::kGoOn;
}

bool PauseGoesOn(ServerContext& server, Session& session, int64_t now_ms) {
  const ClientPause pause = server.clients->pause();
  session.wait->until_ms = pause.until_ms;
  if (pause.holds(session.wait->holds_writes, now_ms)) return true;
  ForgetPauseThatIsOver(server, now_ms);
  return false;
}

bool IsPaused(const ServerContext& server, int64_t now_ms) {
  return server.modes.Has(kPaused) && now_ms < server.clients->pause().until_ms;
}

void PauseClients(CommandContext& ctx) {
  bool only_writes = false;
  if (ctx.args.size() > 4) return ctx.reply.Error(SubcommandSyntaxError(ctx.args));
  if (ctx.args.size() == 4) {
    only_writes = EqualsIgnoreCase(ctx.args[3], "write");
    if (!only_writes && !EqualsIgnoreCase(ctx.args[3], "all")) {
      return ctx.reply.Error(
          MakeError(ErrorCode::kSyntax, "ERR CLIENT PAUSE mode must be WRITE or ALL"));
    }
  }
  const Expected<int64_t> end_ms = ParsePauseEnd(ctx.args[2], ctx.now_ms);
  if (!end_ms) return ctx.reply.Error(end_ms.error());
  ctx.server.clients->Pause({.until_ms = *end_ms, .only_writes = only_writes}, ctx.now_ms);
  ctx.server.modes.Set(kPaused, true);
  ctx.reply.Ok();
}

void UnpauseClients(CommandContext& ctx) {
  ctx.server.clients->Unpause();
  ForgetPauseThatIsOver(ctx.server, ctx.now_ms);
  ctx.reply.Ok();
}

}  // namespace duet::commands
