// What containers (CLIENT, CONFIG, ...) say of their subcommands: HELP, and the error for one that
// is used wrongly.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "server/api/argv.h"
#include "server/api/error.h"
#include "server/api/reply_writer.h"

namespace duet::commands {

// Redis' layout: an opening line with the container's name (upper case), `lines`, and HELP itself.
inline void ReplyHelp(ReplyWriter& reply, std::string_view container,
                      std::span<const std::string_view> lines) {
  reply.Array(lines.size() + 3);
  reply.SimpleString(std::string(container) +
                     " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
  for (const std::string_view line : lines) reply.SimpleString(line);
  reply.SimpleString("HELP");
  reply.SimpleString("    Prints this help.");
}

// Of a subcommand that has more words than it knows, though its row's arity lets them pass.
inline Error SubcommandSyntaxError(Argv args) {
  constexpr size_t kShown = 128;
  std::string text = "ERR unknown subcommand or wrong number of arguments for '";
  text.append(args[1].substr(0, kShown)).append("'. Try ");
  for (const char c : args[0]) text += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return MakeError(ErrorCode::kSyntax, text + " HELP.");
}

}  // namespace duet::commands
