#include "server/commands/further_steps.h"

#include "server/commands/client_pause.h"
#include "server/commands/client_tracking.h"
#include "server/commands/tracking.h"
#include "server/commands/transaction_steps.h"
#include "server/metrics/worker_counters.h"

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

}  // namespace

Step TakeFurtherSteps(Call& call) {
  for (const auto step : {CheckSubscribed, CheckPause}) {
    if (const Step taken = step(call); taken != Step::kGoOn) return taken;
  }
  return call.session.has(kInTransaction) ? QueueCommand(call) : Step::kGoOn;
}

void ExecuteInMode(Call& call, uint64_t& ticks) {
  if (EndsTransaction(call)) {
    ExecuteTransaction(call, ticks);
    return EndCaching(call);
  }
  const uint64_t errors_before = call.reply.errors();
  std::shared_ptr<void> garbage;  // freed after the locks are released
  {
    store::ShardLocks locks(*call.server.store);
    LockKeys(call, locks);
    garbage = RunInMode(call, locks);
  }
  garbage.reset();
  Record(call, errors_before, ticks);
  EndCaching(call);
}

std::shared_ptr<void> RunInMode(Call& call, store::ShardLocks& locks) {
  std::shared_ptr<void> garbage = RunHandler(call, locks);
  if (call.session.has(kTracks)) call.server.tracking->Remember(call);
  return garbage;
}

bool EndWait(ServerContext& server, Session& session, int64_t now_ms, ReplyWriter& reply) {
  switch (session.wait->what) {
    case Wait::For::kUnpause:
      if (PauseGoesOn(server, session, now_ms)) return false;
      break;
    case Wait::For::kReplicas: {
      if (session.unblock.load() == Unblock::kPossible && now_ms < session.wait->until_ms) {
        return false;
      }
      if (session.unblock.exchange(Unblock::kImpossible) == Unblock::kWithError) {
        reply.Error(
            MakeError(ErrorCode::kAborted, "UNBLOCKED client unblocked via CLIENT UNBLOCK"));
        session.counters->errors[static_cast<size_t>(ErrorWord::kUnblocked)].Add();
      } else {
        reply.Integer(0);
      }
      break;
    }
  }
  session.StopWait();
  return true;
}

}  // namespace duet::commands
