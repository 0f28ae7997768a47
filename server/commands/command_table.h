// All rows, and the look-up of one by its name.
//
// Thread-safe once built: it is immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/commands/command_spec.h"

namespace duet::commands {

// A row with its place in the table: the index of its counters and its full name.
struct Command {
  const CommandSpec* spec = nullptr;
  const Command* container = nullptr;       // of a subcommand
  std::vector<const Command*> subcommands;  // of a container
  std::string full_name;                    // "get", "client|id"
  uint32_t index = 0;                       // < metrics::kMaxCommands
};

class CommandTable {
 public:
  // The table of every family, built at the first call.
  static const CommandTable& Get();
  explicit CommandTable(std::span<const std::span<const CommandSpec>> families);

  // Case-insensitive. nullptr: no such command.
  const Command* Find(std::string_view name) const;
  const Command* FindSubcommand(const Command& container, std::string_view name) const;
  // Commands and subcommands by index; top-level ones first by name.
  std::span<const Command> all() const { return commands_; }
  size_t top_level_count() const { return top_level_; }

 private:
  // A name as three words, lower-cased, so that a look-up compares words and calls nothing.
  struct Slot {
    uint64_t words[3] = {};
    uint32_t length = 0;  // 0: the slot is free
    uint32_t command = 0;
  };
  static bool Pack(std::string_view name, Slot& slot);  // false: too long for any command
  static uint64_t HashOf(const Slot& slot);

  std::vector<Command> commands_;
  size_t top_level_ = 0;
  std::vector<Slot> slots_;  // open addressing over the names of top-level commands
};

// The families: a function a file of handlers and rows, listed in CommandTable::Get.
std::span<const CommandSpec> StringCommands();         // strings.cc
std::span<const CommandSpec> StringBatchCommands();    // string_batches.cc
std::span<const CommandSpec> StringNumberCommands();   // string_numbers.cc
std::span<const CommandSpec> StringRangeCommands();    // string_ranges.cc
std::span<const CommandSpec> StringCompareCommands();  // string_compare.cc
std::span<const CommandSpec> LcsCommands();            // lcs.cc
std::span<const CommandSpec> KeyCommands();            // keys.cc
std::span<const CommandSpec> KeyMoveCommands();        // keys_move.cc
std::span<const CommandSpec> DumpCommands();           // dump.cc
std::span<const CommandSpec> ObjectCommands();         // object_command.cc
std::span<const CommandSpec> ExpireCommands();         // expire.cc
std::span<const CommandSpec> SortCommands();           // sort.cc
std::span<const CommandSpec> ScanCommands();           // scan.cc
std::span<const CommandSpec> DatabaseCommands();       // server_databases.cc
std::span<const CommandSpec> SubscribeCommands();      // pubsub_subscribe.cc
std::span<const CommandSpec> PublishCommands();        // pubsub_publish.cc
std::span<const CommandSpec> ConnectionCommands();     // connection.cc
std::span<const CommandSpec> AuthCommands();           // connection_auth.cc
std::span<const CommandSpec> ClientCommands();         // client_command.cc
std::span<const CommandSpec> TransactionCommands();    // transaction_commands.cc
std::span<const CommandSpec> InfoCommands();           // info.cc
std::span<const CommandSpec> MemoryCommands();         // memory_command.cc
std::span<const CommandSpec> DebugCommands();          // debug_command.cc
std::span<const CommandSpec> ShutdownCommands();       // shutdown.cc
std::span<const CommandSpec> WaitCommands();           // wait.cc
std::span<const CommandSpec> ConfigCommands();         // config_command.cc
std::span<const CommandSpec> CommandCommands();        // command_info.cc
std::span<const CommandSpec> SlowlogCommands();        // slowlog_command.cc
std::span<const CommandSpec> LatencyCommands();        // latency_command.cc
std::span<const CommandSpec> ModuleCommands();         // module_command.cc
std::span<const CommandSpec> AclCommands();            // acl_command.cc
std::span<const CommandSpec> TopologyCommands();       // topology.cc

}  // namespace duet::commands
