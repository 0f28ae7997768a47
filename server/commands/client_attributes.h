// Names that a client gives itself and its library: HELLO SETNAME, CLIENT SETNAME, CLIENT SETINFO.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "server/api/error.h"

namespace duet::commands {

// Printable ASCII without spaces, so that a line of CLIENT INFO can be split again. May be empty.
inline bool IsClientAttribute(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

// The error that refuses `name` as the name of a connection, or nothing.
inline std::optional<Error> CheckClientName(std::string_view name) {
  if (IsClientAttribute(name)) return std::nullopt;
  return MakeError(ErrorCode::kSyntax,
                   "ERR Client names cannot contain spaces, newlines or special characters.");
}

}  // namespace duet::commands
