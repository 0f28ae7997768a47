// The words of a command that nobody but the server may see: passwords. MONITOR and SLOWLOG show
// "(redacted)" in their place, as Redis does.
#pragma once

#include <string_view>
#include <vector>

#include "server/api/argv.h"

namespace duet::commands {

struct Command;

// The words of `argv`, which is a call of `command`. The views are those of argv, or static.
std::vector<std::string_view> WithoutSecrets(const Command& command, Argv argv);

}  // namespace duet::commands
