// The reply of a container's HELP subcommand.
#pragma once

#include <span>
#include <string>
#include <string_view>

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

}  // namespace duet::commands
