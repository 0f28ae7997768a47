#include "server/commands/session.h"

namespace duet::commands {

void Session::Reset(bool authenticated_by_default) {
  modes = 0;
  subscriber.UnsubscribeAll();
  DeliverMail();  // in the protocol that it was sent in
  database = 0;
  protocol = 2;
  authenticated = authenticated_by_default;
  user.Set("default");
  name.Set("");
}

}  // namespace duet::commands
