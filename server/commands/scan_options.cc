#include "server/commands/scan_options.h"

#include <cstddef>

#include "server/base/numbers.h"

namespace duet::commands {
namespace {

// Leading zeros are as good as none.
std::optional<uint64_t> ParseCursor(std::string_view text) {
  while (text.size() > 1 && text.front() == '0') text.remove_prefix(1);
  return ParseUint64(text);
}

std::optional<Error> ParseCount(std::string_view text, uint64_t& count) {
  const std::optional<int64_t> value = ParseInt64(text);
  if (!value) return NotAnInteger();
  if (*value < 1) return SyntaxError();
  count = static_cast<uint64_t>(*value);
  return std::nullopt;
}

}  // namespace

Expected<ScanOptions> ParseScanOptions(Argv args) {
  const std::optional<uint64_t> cursor = ParseCursor(args[0]);
  if (!cursor) return MakeError(ErrorCode::kOutOfRange, "ERR invalid cursor");
  ScanOptions options{.cursor = *cursor};
  for (size_t i = 1; i < args.size(); i += 2) {
    if (i + 1 == args.size()) return SyntaxError();
    const std::string_view value = args[i + 1];
    if (EqualsIgnoreCase(args[i], "count")) {
      if (const std::optional<Error> error = ParseCount(value, options.count)) return *error;
    } else if (EqualsIgnoreCase(args[i], "match")) {
      options.match = value;
    } else if (EqualsIgnoreCase(args[i], "type")) {
      options.type = value;
    } else {
      return SyntaxError();
    }
  }
  return options;
}

}  // namespace duet::commands
