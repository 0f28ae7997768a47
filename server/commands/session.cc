#include "server/commands/session.h"

#include "server/commands/tracking.h"
#include "server/commands/transaction.h"

namespace duet::commands {

Session::Session(Door through, uint64_t session_id, metrics::WorkerCounters* worker_counters)
    : door(through), id(session_id), counters(worker_counters) {}

Session::~Session() { StopTracking(); }

void Session::StopTracking() {
  if (caching.tracking != nullptr) caching.tracking->Stop(*this);
}

void Session::StartWait(const Wait& reason) {
  wait = reason;
  const bool has_run = reason.what != Wait::For::kUnpause;
  unblock.store(has_run ? Unblock::kPossible : Unblock::kImpossible);
  waits = true;
  waits_for_time = has_run && reason.until_ms != Wait::kNoEnd;
}

void Session::StopWait() {
  wait.reset();
  unblock.store(Unblock::kImpossible);
  waits = false;
  waits_for_time = false;
}

void Session::Reset(bool authenticated_by_default) {
  EndTransaction(*this);
  StopTracking();
  hears_of_maintenance = false;
  modes = 0;
  subscriber.UnsubscribeAll();
  monitoring.reset();
  DeliverMail();  // in the protocol that it was sent in; nothing comes behind it
  database = 0;
  protocol = 2;
  authenticated = authenticated_by_default;
  user.Set("default");
  name.Set("");
  no_evict = false;
}

}  // namespace duet::commands
