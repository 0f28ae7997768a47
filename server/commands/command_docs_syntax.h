// The argument tree of COMMAND DOCS, read from a row's syntax.
//
// The grammar is that of redis.io's command pages:
//
//   items  := item*
//   item   := name                   "key": an argument
//           | TOKEN name*            "EX seconds", "LIMIT offset count", "KEEPTTL"
//           | TOKEN '<' choice '>'   "FILTERBY <MODULE name | PATTERN pattern>"
//           | '[' choice ']'         optional
//           | '<' choice '>'         exactly one of several
//           | '[' words "..." ']'    repeats the words before it: "key value [key value ...]"
//   choice := items ('|' items)*
//
// A word without a lower-case letter is a token. What the notation does not say is inferred: the
// keys from the row's key positions, the other types from the arguments' names.
//
// Thread-safe: functions of their arguments only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/commands/command_spec.h"

namespace duet::commands {

enum class ArgumentType : uint8_t {
  kString,
  kInteger,
  kDouble,
  kKey,
  kPattern,
  kUnixTime,
  kPureToken,  // nothing but its token
  kOneOf,      // one of `children`
  kBlock,      // `children`, in order
};

struct Argument {
  std::string name{};  // of a block or a choice: its children's names, joined by '_'
  ArgumentType type = ArgumentType::kString;
  std::string token{};      // precedes the argument; empty: none
  int key_spec_index = -1;  // of a key: 0 for CommandSpec::keys, 1 for more_keys
  bool optional = false;
  bool multiple = false;        // may be repeated
  bool multiple_token = false;  // with its token each time
  std::vector<Argument> children{};
  int words = 1;  // how many words of the syntax it took, for the repetition that may follow
};

// As COMMAND DOCS prints it: "pure-token", "unix-time", ...
std::string_view ArgumentTypeName(ArgumentType type);

// The arguments of `spec.syntax`. `first_position`: the place in argv of the first argument, 1 for
// a command and 2 for a subcommand. Nothing: the syntax is malformed.
std::optional<std::vector<Argument>> ParseSyntax(const CommandSpec& spec, int first_position);

}  // namespace duet::commands
