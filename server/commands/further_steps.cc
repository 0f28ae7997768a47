#include "server/commands/further_steps.h"

#include "server/commands/client_pause.h"
#include "server/commands/client_tracking.h"
#include "server/commands/command_spec.h"
#include "server/commands/memory_bound.h"
#include "server/commands/tracking.h"
#include "server/commands/transaction_steps.h"
#include "server/commands/wait.h"

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

// Between MULTI and EXEC, whatever is queued does; EXEC does if a queued command does.
bool TakesMemory(const Call& call) {
  if ((EffectiveFlags(call) & kDenyOom) != 0) return true;
  return call.session.has(kInTransaction) && (call.command->spec->flags & kNotQueued) == 0;
}

// While the server is paused the data stands still: nothing is evicted either.
Step MakeRoom(Call& call) {
  ServerContext& server = call.server;
  if (!server.modes.Has(kMemoryBound) || IsPaused(server, call.now_ms)) return Step::kGoOn;
  const MemoryBound::Room room = server.memory->MakeRoom(*call.session.counters, call.now_ms);
  if (room != MemoryBound::Room::kNone || !TakesMemory(call)) return Step::kGoOn;
  Refuse(call, OutOfMemory());
  return Step::kAnswered;
}

}  // namespace

Step TakeFurtherSteps(Call& call) {
  for (const auto step : {CheckSubscribed, CheckPause, MakeRoom}) {
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
    locks.Unlock();
    CountGrowth(call, locks);
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
    case Wait::For::kReplicas:
    case Wait::For::kReplicasLogs:
      if (!EndReplicaWait(session, now_ms, reply)) return false;
      break;
  }
  session.StopWait();
  return true;
}

}  // namespace duet::commands
