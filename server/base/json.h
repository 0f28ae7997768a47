// JSON text, as far as logs and the status page need it.
#pragma once

#include <string>
#include <string_view>

namespace duet {

// Appends what stands between the quotes of a JSON string. Bytes that are not printable ASCII
// become escapes, so that the result is JSON whatever the bytes are (each counts as a character of
// Latin-1).
void AppendJsonEscaped(std::string& out, std::string_view text);
// The same with its quotes.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace duet
