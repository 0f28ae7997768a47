// A command as MONITOR shows it:
//
//   +1700000000.123456 [0 127.0.0.1:50412] "set" "key" "a\nvalue"
//
// The peer of a client on a Unix-domain socket is "unix:/path", that of a gRPC call
// "grpc:127.0.0.1:50412".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace duet::commands {

class Session;

// The line as RESP bytes: a simple string, whatever the words hold.
std::string MonitorLine(const Session& session, std::span<const std::string_view> words,
                        int64_t now_us);

}  // namespace duet::commands
