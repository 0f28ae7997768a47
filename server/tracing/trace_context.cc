#include "server/tracing/trace_context.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace duet::tracing {
namespace {

// "00-" trace id "-" span id "-" flags
constexpr size_t kTraceIdAt = 3;
constexpr size_t kSpanIdAt = 36;
constexpr size_t kFlagsAt = 53;
constexpr size_t kTraceParentBytes = 55;
constexpr uint64_t kInvalidVersion = 0xff;

constexpr size_t kMaxStateMembers = 32;
constexpr size_t kMaxStateKeyBytes = 256;
constexpr size_t kMaxStateTenantBytes = 241;
constexpr size_t kMaxStateSystemBytes = 14;
constexpr size_t kMaxStateValueBytes = 256;

// Lower case only, as the recommendation has it.
bool ParseHex(std::string_view digits, uint64_t& value) {
  value = 0;
  for (const char digit : digits) {
    const bool is_number = digit >= '0' && digit <= '9';
    if (!is_number && (digit < 'a' || digit > 'f')) return false;
    value = value << 4 | static_cast<uint64_t>(is_number ? digit - '0' : digit - 'a' + 10);
  }
  return true;
}

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsKeyCharacter(char c) {
  return IsLower(c) || IsDigit(c) || c == '_' || c == '-' || c == '*' || c == '/';
}

// One side of a key: its first character is a letter, or also a digit.
bool IsKeyPart(std::string_view part, size_t max_bytes, bool digit_first) {
  if (part.empty() || part.size() > max_bytes) return false;
  if (!IsLower(part[0]) && !(digit_first && IsDigit(part[0]))) return false;
  return std::ranges::all_of(part, IsKeyCharacter);
}

// "vendor", or "tenant@vendor".
bool IsStateKey(std::string_view key) {
  const size_t at = key.find('@');
  if (at == std::string_view::npos) return IsKeyPart(key, kMaxStateKeyBytes, false);
  return IsKeyPart(key.substr(0, at), kMaxStateTenantBytes, true) &&
         IsKeyPart(key.substr(at + 1), kMaxStateSystemBytes, false);
}

bool IsStateValue(std::string_view value) {
  if (value.empty() || value.size() > kMaxStateValueBytes || value.back() == ' ') return false;
  return std::ranges::all_of(value,
                             [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
}

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// A key may stand in the list once.
bool HasKey(std::string_view joined, std::string_view key) {
  while (!joined.empty()) {
    if (joined.starts_with(key) && joined.substr(key.size()).starts_with('=')) return true;
    const size_t comma = joined.find(',');
    if (comma == std::string_view::npos) return false;
    joined.remove_prefix(comma + 1);
  }
  return false;
}

// Appends one header's members; empty ones are allowed and go. False: one is malformed.
bool AppendMembers(std::string_view header, size_t& members, std::string& joined) {
  while (!header.empty()) {
    const size_t end = std::min(header.find(','), header.size());
    const std::string_view member = Trimmed(header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
    if (member.empty()) continue;
    const size_t equals = member.find('=');
    if (equals == std::string_view::npos || !IsStateKey(member.substr(0, equals)) ||
        !IsStateValue(member.substr(equals + 1)) || HasKey(joined, member.substr(0, equals))) {
      return false;
    }
    if (++members > kMaxStateMembers) return false;
    if (!joined.empty()) joined.push_back(',');
    joined.append(member);
    if (joined.size() > kMaxTraceStateBytes) return false;
  }
  return true;
}

}  // namespace

std::optional<TraceContext> ParseTraceParent(std::string_view header) {
  if (header.size() < kTraceParentBytes) return std::nullopt;
  if (header[2] != '-' || header[kSpanIdAt - 1] != '-' || header[kFlagsAt - 1] != '-') {
    return std::nullopt;
  }
  uint64_t version, flags;
  TraceContext context;
  if (!ParseHex(header.substr(0, 2), version) ||
      !ParseHex(header.substr(kTraceIdAt, 16), context.trace_id.high) ||
      !ParseHex(header.substr(kTraceIdAt + 16, 16), context.trace_id.low) ||
      !ParseHex(header.substr(kSpanIdAt, 16), context.span_id) ||
      !ParseHex(header.substr(kFlagsAt, 2), flags)) {
    return std::nullopt;
  }
  if (version == kInvalidVersion || context.trace_id == TraceId() || context.span_id == 0) {
    return std::nullopt;
  }
  if (header.size() > kTraceParentBytes && (version == 0 || header[kTraceParentBytes] != '-')) {
    return std::nullopt;
  }
  context.flags = static_cast<uint8_t>(flags & (kSampledFlag | kRandomFlag));
  return context;
}

std::string JoinTraceState(std::span<const std::string_view> headers) {
  std::string joined;
  size_t members = 0;
  for (const std::string_view header : headers) {
    if (!AppendMembers(header, members, joined)) return "";
  }
  return joined;
}

std::string ToHex(const TraceId& id) {
  return absl::StrCat(absl::Hex(id.high, absl::kZeroPad16), absl::Hex(id.low, absl::kZeroPad16));
}

}  // namespace duet::tracing
