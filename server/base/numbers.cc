#include "server/base/numbers.h"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace duet {
namespace {

// Redis' MAX_LONG_DOUBLE_CHARS: a longer text is not a number.
constexpr size_t kMaxFloatChars = 5 * 1024;

char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// strtod and strtold need a terminated copy, and their checks are the same. Neither depends on the
// locale here: nothing in Duet calls setlocale.
template <typename Float, Float (*Convert)(const char*, char**)>
std::optional<Float> ParseFloat(std::string_view text) {
  if (text.empty() || text.size() >= kMaxFloatChars || IsSpace(text.front())) return std::nullopt;
  char copy[kMaxFloatChars];
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  errno = 0;
  char* end = nullptr;
  const Float value = Convert(copy, &end);
  if (static_cast<size_t>(end - copy) != text.size() || std::isnan(value)) return std::nullopt;
  if (errno == EINVAL) return std::nullopt;
  if (errno == ERANGE && (std::isinf(value) || value == 0)) return std::nullopt;
  return value;
}

// Lays out `digits` x 10^exponent as the RESP3 double of Redis 7.2 (fpconv_dtoa) does: plain where
// that is short, else d.ddde+xx.
std::string LayOut(bool negative, std::string_view digits, int exponent) {
  const int count = static_cast<int>(digits.size());
  const int scientific = exponent + count - 1;  // exponent if one digit stands before the point
  std::string out = negative ? "-" : "";
  if (exponent >= 0 && std::abs(scientific) < count + 7) {
    out.append(digits).append(static_cast<size_t>(exponent), '0');
  } else if (exponent < 0 && (exponent > -7 || std::abs(scientific) < 4)) {
    const int before = count + exponent;  // digits before the point
    if (before <= 0) {
      out.append("0.").append(static_cast<size_t>(-before), '0').append(digits);
    } else {
      out.append(digits.substr(0, static_cast<size_t>(before))).push_back('.');
      out.append(digits.substr(static_cast<size_t>(before)));
    }
  } else {
    out.push_back(digits[0]);
    if (count > 1) out.append(".").append(digits.substr(1));
    out.append(scientific < 0 ? "e-" : "e+").append(std::to_string(std::abs(scientific)));
  }
  return out;
}

}  // namespace

std::optional<uint64_t> ParseUint64(std::string_view text) {
  constexpr size_t kMaxDigits = 20;
  if (text.empty() || text.size() > kMaxDigits) return std::nullopt;
  if (text[0] == '0') return text.size() == 1 ? std::optional<uint64_t>(0) : std::nullopt;
  uint64_t value = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned digit = static_cast<unsigned char>(text[i]) - unsigned{'0'};
    if (digit > 9) return std::nullopt;
    // Only the 20th digit can overflow.
    if (i == kMaxDigits - 1) {
      constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
      if (value > kMax / 10 || (value == kMax / 10 && digit > kMax % 10)) return std::nullopt;
    }
    value = value * 10 + digit;
  }
  return value;
}

std::optional<int64_t> ParseInt64(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  const std::optional<uint64_t> magnitude = ParseUint64(text);
  if (!magnitude) return std::nullopt;
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (!negative) {
    return *magnitude > kMax ? std::nullopt : std::optional<int64_t>(*magnitude);
  }
  if (*magnitude == 0 || *magnitude > kMax + 1) return std::nullopt;
  return static_cast<int64_t>(0 - *magnitude);
}

std::optional<long double> ParseLongDouble(std::string_view text) {
  return ParseFloat<long double, std::strtold>(text);
}

std::optional<double> ParseDouble(std::string_view text) {
  return ParseFloat<double, std::strtod>(text);
}

size_t FormatInt64(int64_t value, char* out) {
  constexpr size_t kMaxChars = 20;  // "-9223372036854775808"
  return static_cast<size_t>(std::to_chars(out, out + kMaxChars, value).ptr - out);
}

std::string FormatLongDouble(long double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (std::isnan(value)) return "nan";
  char digits[kMaxFloatChars];
  int length = std::snprintf(digits, sizeof(digits), "%.17Lf", value);
  std::string_view text(digits, static_cast<size_t>(length));
  if (text.find('.') != std::string_view::npos) {
    while (text.back() == '0') text.remove_suffix(1);
    if (text.back() == '.') text.remove_suffix(1);
  }
  return text == "-0" ? "0" : std::string(text);
}

std::string FormatDouble(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (value == 0) return std::signbit(value) ? "-0" : "0";
  // Whole numbers up to 2^52 are written in full, as Redis' d2string does.
  constexpr double kMaxWhole = 4503599627370496.0;
  if (std::abs(value) <= kMaxWhole && value == std::trunc(value)) {
    return std::to_string(static_cast<int64_t>(value));
  }
  char buffer[32];  // "-d.dddddddddddddddde-xxx"
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), std::abs(value),
                                 std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<size_t>(end.ptr - buffer));
  const size_t e = text.find('e');
  int exponent = 0;
  const char* first = text.data() + e + 1;
  if (*first == '+') ++first;
  std::from_chars(first, end.ptr, exponent);
  std::string digits(text.substr(0, 1));
  if (e > 2) digits.append(text.substr(2, e - 2));
  return LayOut(value < 0, digits, exponent - static_cast<int>(digits.size()) + 1);
}

std::optional<int64_t> CheckedAdd(int64_t a, int64_t b) {
  int64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

std::optional<int64_t> CheckedMultiply(int64_t a, int64_t b) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (LowerAscii(a[i]) != LowerAscii(b[i])) return false;
  }
  return true;
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = LowerAscii(c);
  return lower;
}

}  // namespace duet
