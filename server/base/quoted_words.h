// Words as inline commands, redis.conf and MONITOR have them: separated by spaces, and in quotes
// with escapes where they hold anything else. The rules are those of Redis' sdssplitargs and
// sdscatrepr.
//
// Thread-safe: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"

namespace duet {

bool HasQuotes(std::string_view line);

// Calls `add` with the words of `line`, which has no line end, one after the other. Words of a line
// without quotes are views into it; else they are views into `storage`, which has room for
// line.size() bytes. False: a quote is not closed, or a word goes on behind a closing one; some
// words may have been added by then.
[[nodiscard]] bool ForEachWord(std::string_view line, char* storage,
                               absl::FunctionRef<void(std::string_view)> add);
// The same, as copies. Nothing: the quotes are unbalanced.
std::optional<std::vector<std::string>> SplitWords(std::string_view line);

// Appends `word` in double quotes: printable, on one line, and read back as it is.
void AppendQuoted(std::string_view word, std::string& out);

}  // namespace duet
