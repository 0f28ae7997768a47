// Checks of rows while compiling: a malformed row fails the build with the rule it breaks.
//
//   constexpr CommandSpec kRows[] = {...};
//   static_assert(RowsAreValid(kRows));
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "server/commands/command_spec.h"

namespace duet::commands {

// The longest name that the table's look-up can hold.
inline constexpr size_t kMaxNameBytes = 24;

namespace check {

// The compiler prints the call, message included, when a rule is broken: this is not constexpr.
inline bool Broken(const char* /*rule*/) { return false; }

constexpr bool Rule(bool holds, const char* rule) { return holds || Broken(rule); }

constexpr bool NameIsValid(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return false;
  for (const char c : name) {
    const bool ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!ok) return false;
  }
  return true;
}

constexpr bool KeysAreValid(const KeySpec& keys) {
  if (keys.first == 0) return keys.last == 0 && keys.step == 0 && keys.access == 0;
  if (keys.first < 0 || keys.step <= 0 || keys.last == 0 || keys.access == 0) return false;
  return keys.last < 0 || keys.last >= keys.first;
}

constexpr bool RowIsValid(const CommandSpec& row, bool is_subcommand) {
  const bool keyed = row.keys.first != 0;
  const int kinds = ((row.flags & kWrite) != 0) + ((row.flags & kReadOnly) != 0);
  const int words = row.arity < 0 ? -row.arity : row.arity;
  return Rule(NameIsValid(row.name), "a name is lower case and at most 24 bytes") &&
         Rule(row.arity != 0, "arity is not 0") &&
         Rule(!is_subcommand || words >= 2, "a subcommand's arity counts its container's name") &&
         Rule(KeysAreValid(row.keys) && KeysAreValid(row.more_keys), "key positions make sense") &&
         Rule(row.keys.first < words || !keyed, "the first key is among the required words") &&
         Rule(row.more_keys.first == 0 || keyed, "more_keys come after keys") &&
         Rule(KeysAreValid(row.channels) && (row.channels.first == 0 || !keyed),
              "shard channels are named by commands without keys") &&
         Rule(keyed && (row.acl & kAclTransaction) == 0 ? kinds == 1 : kinds <= 1,
              "keyed: exactly one of kWrite and kReadOnly, unless it only watches") &&
         Rule(row.handler != nullptr || !row.subcommands.empty(), "a handler or subcommands") &&
         Rule(!is_subcommand || row.subcommands.empty(), "subcommands do not nest") &&
         Rule(!row.group.empty() && !row.since.empty() && !row.summary.empty() &&
                  !row.complexity.empty(),
              "group, since, summary and complexity are filled") &&
         Rule(words == 1 || is_subcommand || row.arity == -1 || !row.subcommands.empty() ||
                  !row.syntax.empty(),
              "a command with arguments has its syntax");
}

}  // namespace check

constexpr bool RowsAreValid(std::span<const CommandSpec> rows, bool subcommands = false) {
  for (const CommandSpec& row : rows) {
    if (!check::RowIsValid(row, subcommands)) return false;
    if (!RowsAreValid(row.subcommands, true)) return false;
  }
  return true;
}

}  // namespace duet::commands
