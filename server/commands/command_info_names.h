// The words that COMMAND prints for the bits of a row, in Redis' order.
//
// Thread-safe: functions of their arguments only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "server/commands/command_spec.h"

namespace duet::commands {

// "write", "denyoom", ...; flags of Duet's own have no words.
std::vector<std::string_view> FlagNames(uint32_t flags);
// "@read", "@fast", ...: those of the row and those that its flags imply.
std::vector<std::string_view> AclCategoryNames(const CommandSpec& spec);
// "RW", "access", ...
std::vector<std::string_view> KeyAccessNames(uint16_t access);

// All categories, without '@'.
std::vector<std::string_view> AllAclCategories();
// Whether the row is in the category of that name (without '@', in any case). Nothing: no such
// category.
std::optional<bool> IsInAclCategory(const CommandSpec& spec, std::string_view category);

}  // namespace duet::commands
