#include "server/commands/command_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "server/base/check.h"
#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/metrics/worker_counters.h"

namespace duet::commands {
namespace {

uint64_t Load8(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

uint64_t Load4(const char* p) {
  uint32_t word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

// ASCII A-Z to lower case in each byte of `word`; every other byte stays as it is.
uint64_t LowerBytes(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101ull;
  const uint64_t low7 = word & (0x7f * kOnes);
  const uint64_t at_least_a = low7 + (0x80 - 'A') * kOnes;
  const uint64_t above_z = low7 + (0x80 - 'Z' - 1) * kOnes;
  const uint64_t upper = at_least_a & ~above_z & ~word & (0x80 * kOnes);
  return word | (upper >> 2);
}

}  // namespace

// Overlapping loads: for a given length the words determine the name, and no byte outside of it is
// read.
bool CommandTable::Pack(std::string_view name, Slot& slot) {
  const size_t n = name.size();
  const char* p = name.data();
  if (n == 0 || n > kMaxNameBytes) return false;
  slot.length = static_cast<uint32_t>(n);
  if (n >= 8) {
    slot.words[0] = LowerBytes(Load8(p));
    if (n > 8) slot.words[1] = LowerBytes(Load8(p + n - 8));
    if (n > 16) slot.words[2] = LowerBytes(Load8(p + 8));
  } else if (n >= 4) {
    slot.words[0] = LowerBytes(Load4(p) | Load4(p + n - 4) << 32);
  } else {
    const auto byte = [p](size_t i) { return uint64_t{static_cast<unsigned char>(p[i])}; };
    slot.words[0] = LowerBytes(byte(0) | byte(n / 2) << 8 | byte(n - 1) << 16);
  }
  return true;
}

uint64_t CommandTable::HashOf(const Slot& slot) {
  const uint64_t mixed =
      (slot.words[0] ^ std::rotl(slot.words[1], 29) ^ slot.length) * 0x9e3779b97f4a7c15ull;
  return mixed >> 40;
}

CommandTable::CommandTable(std::span<const std::span<const CommandSpec>> families) {
  std::vector<const CommandSpec*> rows;
  size_t count = 0;
  for (const auto& family : families) {
    for (const CommandSpec& row : family) {
      rows.push_back(&row);
      count += 1 + row.subcommands.size();
    }
  }
  DUET_CHECK(count <= metrics::kMaxCommands, "more commands than counters");
  std::sort(rows.begin(), rows.end(), [](auto* a, auto* b) { return a->name < b->name; });
  top_level_ = rows.size();
  commands_.reserve(count);  // pointers into it stay valid
  for (const CommandSpec* row : rows) {
    commands_.push_back({.spec = row,
                         .container = nullptr,
                         .subcommands = {},
                         .full_name = std::string(row->name),
                         .index = static_cast<uint32_t>(commands_.size())});
  }
  for (size_t i = 0; i < top_level_; ++i) {
    Command& container = commands_[i];
    for (const CommandSpec& row : container.spec->subcommands) {
      commands_.push_back({.spec = &row,
                           .container = &container,
                           .subcommands = {},
                           .full_name = container.full_name + "|" + std::string(row.name),
                           .index = static_cast<uint32_t>(commands_.size())});
      container.subcommands.push_back(&commands_.back());
    }
  }

  slots_.resize(std::bit_ceil(top_level_ * 4 + 1));
  const size_t mask = slots_.size() - 1;
  for (size_t i = 0; i < top_level_; ++i) {
    Slot slot;
    DUET_CHECK(Pack(commands_[i].full_name, slot), "a command's name is too long");
    DUET_CHECK(Find(commands_[i].full_name) == nullptr, "two commands of one name");
    slot.command = static_cast<uint32_t>(i);
    size_t at = HashOf(slot) & mask;
    while (slots_[at].length != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

const Command* CommandTable::Find(std::string_view name) const {
  Slot wanted;
  if (!Pack(name, wanted)) return nullptr;
  const size_t mask = slots_.size() - 1;
  for (size_t at = HashOf(wanted) & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.length == 0) return nullptr;
    if (slot.length == wanted.length && slot.words[0] == wanted.words[0] &&
        slot.words[1] == wanted.words[1] && slot.words[2] == wanted.words[2]) {
      return &commands_[slot.command];
    }
  }
}

const Command* CommandTable::FindSubcommand(const Command& container, std::string_view name) const {
  for (const Command* command : container.subcommands) {
    if (EqualsIgnoreCase(command->spec->name, name)) return command;
  }
  return nullptr;
}

const CommandTable& CommandTable::Get() {
  static const CommandTable table = [] {
    const std::span<const CommandSpec> families[] = {
        StringCommands(),      StringBatchCommands(),   StringNumberCommands(),
        StringRangeCommands(), StringCompareCommands(), LcsCommands(),
        KeyCommands(),         KeyMoveCommands(),       ExpireCommands(),
        DumpCommands(),        ObjectCommands(),        MemoryCommands(),
        SortCommands(),        DebugCommands(),         ShutdownCommands(),
        WaitCommands(),        ScanCommands(),          DatabaseCommands(),
        ConnectionCommands(),  AuthCommands(),          ClientCommands(),
        TransactionCommands(), InfoCommands(),          ConfigCommands(),
        CommandCommands(),     SubscribeCommands(),     PublishCommands(),
        SlowlogCommands(),     LatencyCommands(),       AclCommands(),
        TopologyCommands(),    ModuleCommands(),
    };
    return CommandTable(families);
  }();
  return table;
}

}  // namespace duet::commands
