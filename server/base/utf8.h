// Text for whoever takes UTF-8 only (protobuf strings, gRPC's status messages), made from bytes
// that may be anything.
#pragma once

#include <string>
#include <string_view>

namespace duet {

// Valid UTF-8 on one line: other bytes become '?', line ends and control characters spaces.
std::string PrintableUtf8(std::string_view text);

}  // namespace duet
