// Which words of a command are its keys, for COMMAND GETKEYS and COMMAND GETKEYSANDFLAGS.
//
// Thread-safe: functions of their arguments only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/api/argv.h"
#include "server/commands/command_spec.h"

namespace duet::commands {

struct KeyPosition {
  size_t index = 0;     // in argv
  uint16_t access = 0;  // KeyAccess; of a row whose access varies, what these words ask for
};

// REQUIRES: `argv` has as many words as the row's arity asks for.
std::vector<KeyPosition> FindKeys(const CommandSpec& spec, Argv argv);

}  // namespace duet::commands
