// How COMMAND's subcommands name commands: "client|id", or the words CLIENT ID.
//
// Thread-safe: they read the table, which is immutable.
#pragma once

#include <span>
#include <string_view>

#include "server/api/argv.h"
#include "server/commands/command_table.h"

namespace duet::commands {

inline std::span<const Command> TopLevelCommands() {
  const CommandTable& table = CommandTable::Get();
  return table.all().subspan(0, table.top_level_count());
}

// "get", "client|id", in any case. nullptr: no such command.
inline const Command* FindFullName(std::string_view name) {
  const size_t bar = name.find('|');
  const Command* command = CommandTable::Get().Find(name.substr(0, bar));
  if (command == nullptr || bar == std::string_view::npos) return command;
  return CommandTable::Get().FindSubcommand(*command, name.substr(bar + 1));
}

// The command that these words would execute. nullptr: no such command. REQUIRES: at least one.
inline const Command* FindByWords(Argv argv) {
  const Command* command = CommandTable::Get().Find(argv[0]);
  if (command == nullptr || command->subcommands.empty() || argv.size() == 1) return command;
  return CommandTable::Get().FindSubcommand(*command, argv[1]);
}

}  // namespace duet::commands
