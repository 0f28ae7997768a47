#include "server/commands/session.h"

namespace duet::commands {

void Session::StartWait(const Wait& reason) {
  wait = reason;
  const bool has_run = reason.what != Wait::For::kUnpause;
  unblock.store(has_run ? Unblock::kPossible : Unblock::kImpossible);
  waits = true;
}

void Session::StopWait() {
  wait.reset();
  unblock.store(Unblock::kImpossible);
  waits = false;
}

void Session::Reset(bool authenticated_by_default) {
  modes = 0;
  subscriber.UnsubscribeAll();
  DeliverMail();  // in the protocol that it was sent in
  database = 0;
  protocol = 2;
  authenticated = authenticated_by_default;
  user.Set("default");
  name.Set("");
  no_evict = false;
  monitoring.reset();
}

}  // namespace duet::commands
