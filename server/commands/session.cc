#include "server/commands/session.h"

namespace duet::commands {

void Session::Reset(bool authenticated_by_default) {
  database = 0;
  protocol = 2;
  authenticated = authenticated_by_default;
  user.Set("default");
  name.Set("");
  modes = 0;
}

}  // namespace duet::commands
