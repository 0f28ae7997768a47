#include "server/commands/further_steps.h"

#include "server/commands/client_registry.h"
#include "server/commands/command_spec.h"

namespace duet::commands {
namespace {

Step CheckSubscribed(Call& call) {
  const Session& session = call.session;
  if (!session.has(kSubscribed) || session.protocol >= 3) return Step::kGoOn;
  if ((call.command->spec->flags & kWhileSubscribed) != 0) return Step::kGoOn;
  Refuse(call, MakeError(ErrorCode::kGeneric,
                         "ERR Can't execute '" + call.command->full_name +
                             "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
                             "allowed in this context"));
  return Step::kAnswered;
}

// A session that waits is told so before the pause is read again, so that one of the two sees the
// other: the session the end of the pause, or ClientRegistry::SetPause the session.
bool PauseHolds(ServerContext& server, bool writes, int64_t now_ms, int64_t* until_ms) {
  const ClientPause pause = server.clients->pause();
  *until_ms = pause.until_ms;
  return now_ms < pause.until_ms && (writes || !pause.only_writes);
}

Step CheckPause(Call& call) {
  if (!call.server.modes.Has(kPaused)) return Step::kGoOn;
  const bool writes = (call.command->spec->flags & (kWrite | kMayReplicate)) != 0;
  int64_t until_ms = 0;
  if (!call.session.is_connection()) {
    if (!PauseHolds(call.server, writes, call.now_ms, &until_ms)) return Step::kGoOn;
    Refuse(call, MakeError(ErrorCode::kUnavailable, "ERR the server is paused (CLIENT PAUSE)"));
    return Step::kAnswered;
  }
  call.session.waits = true;
  if (!PauseHolds(call.server, writes, call.now_ms, &until_ms)) {
    call.session.waits = false;
    return Step::kGoOn;
  }
  call.session.wait =
      Wait{.what = Wait::For::kUnpause, .until_ms = until_ms, .holds_writes = writes};
  return Step::kWait;
}

}  // namespace

Step TakeFurtherSteps(Call& call) {
  for (const auto step : {CheckSubscribed, CheckPause}) {
    if (const Step taken = step(call); taken != Step::kGoOn) return taken;
  }
  return Step::kGoOn;
}

bool EndWait(ServerContext& server, Session& session, int64_t now_ms, ReplyWriter& reply) {
  Wait& wait = *session.wait;
  switch (wait.what) {
    case Wait::For::kUnpause:
      if (PauseHolds(server, wait.holds_writes, now_ms, &wait.until_ms)) return false;
      break;
    case Wait::For::kReplicas: {
      const Unblock unblock = session.unblock.exchange(Unblock::kNo);
      if (unblock == Unblock::kNo && now_ms < wait.until_ms) return false;
      if (unblock == Unblock::kWithError) {
        reply.Error(
            MakeError(ErrorCode::kAborted, "UNBLOCKED client unblocked via CLIENT UNBLOCK"));
      } else {
        reply.Integer(0);
      }
      break;
    }
  }
  session.wait.reset();
  session.waits = false;
  return true;
}

}  // namespace duet::commands
