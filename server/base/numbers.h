// Numbers as Redis reads and prints them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace duet {

// A canonical decimal int64: optional '-', no '+', no leading zero, no space, nothing behind.
// Exactly what Redis holds as an integer and accepts for INCR and for options. Empty: not one.
std::optional<int64_t> ParseInt64(std::string_view text);
std::optional<uint64_t> ParseUint64(std::string_view text);

// A finite or infinite double as Redis' getLongDoubleFromObject accepts: no spaces around, "inf",
// "-inf", hex floats; never NaN. Empty: not one.
std::optional<long double> ParseLongDouble(std::string_view text);
std::optional<double> ParseDouble(std::string_view text);

// Writes the digits of `value` and returns how many. REQUIRES: `out` has 20 bytes.
size_t FormatInt64(int64_t value, char* out);
// As INCRBYFLOAT prints: %.17Lf with trailing zeros and a trailing point removed.
std::string FormatLongDouble(long double value);
// As RESP3 prints a double: the shortest digits that read back as the same ("%.17g" at the most),
// "inf", "-inf", "nan".
std::string FormatDouble(double value);

// a + b, or empty where it overflows.
std::optional<int64_t> CheckedAdd(int64_t a, int64_t b);
std::optional<int64_t> CheckedMultiply(int64_t a, int64_t b);

// ASCII only, any locale.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
std::string ToLower(std::string_view text);

}  // namespace duet
