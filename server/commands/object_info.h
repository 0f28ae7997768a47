// What OBJECT and DEBUG OBJECT say of a value: in the words of Redis, as it would hold the value.
//
// Thread-safe: functions of their arguments only.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/base/memory_limits.h"
#include "server/store/entry.h"

namespace duet::commands {

// "int", "embstr" (up to 44 bytes) or "raw". REQUIRES: `entry` is a string.
std::string_view EncodingName(const store::Entry& entry);
// 1, or 2147483647 for what Redis shares among all keys: integers from 0 to 9999, unless each has
// to keep its own time or count of uses.
int64_t ReferenceCount(const store::Entry& entry, const SharedMemoryLimits& limits);

}  // namespace duet::commands
