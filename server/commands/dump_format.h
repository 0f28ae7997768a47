// A string as DUMP writes it and RESTORE reads it: Redis' own format, so that values travel between
// the two.
//
//   type (0: string) | the string | version of the format, 2 bytes | CRC-64 of all before, 8 bytes
//
// The string is its length and its bytes, an integer of 8, 16 or 32 bits, or packed with LZF, which
// is read and not written. Numbers of the footer are little-endian.
// Source: the RDB file format of Redis 7 (rdb.h).
//
// Thread-safe: functions of their arguments only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/store/entry.h"

namespace duet::commands {

// The version written. Strings have looked the same since Redis 5, and servers refuse versions that
// they do not know: a higher one would only keep Redis 7.0 and Valkey from reading it.
inline constexpr uint16_t kDumpVersionWritten = 10;
// The highest version read: that of Redis 7.4.
inline constexpr uint16_t kDumpVersionRead = 12;

// REQUIRES: `entry` is a string.
std::string DumpString(const store::Entry& entry);
// The bytes of the string itself, without type and footer: DEBUG OBJECT's serializedlength.
size_t DumpedLength(const store::Entry& entry);

// Whether version and checksum are right.
bool IsIntactDump(std::string_view dump);
// The string in a dump. Empty: of another type, malformed, or longer than `max_bytes`.
// REQUIRES: IsIntactDump(dump).
std::optional<std::string> LoadDumpedString(std::string_view dump, uint64_t max_bytes);

}  // namespace duet::commands
