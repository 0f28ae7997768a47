// What the families of key commands share.
#pragma once

#include <string_view>

#include "server/store/entry.h"

namespace duet::commands {

// As TYPE replies and SCAN's TYPE option reads it: "string", "zset", ...
std::string_view TypeName(store::ValueType type);

}  // namespace duet::commands
