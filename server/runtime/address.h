// Socket addresses: parsing numeric ones, and printing them as Redis does (CLIENT LIST).
#pragma once

#include <string>
#include <sys/socket.h>

#include "absl/status/statusor.h"

namespace duet::runtime {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// "127.0.0.1", "::1", "*" and "" (any IPv4 address), "localhost" (127.0.0.1). Other names are not
// resolved: a listener binds to addresses of this machine.
absl::StatusOr<SocketAddress> ParseTcpAddress(const std::string& host, int port);

// "ip:port", "[ip6]:port", "/path:0" (an unnamed Unix socket has an empty path).
std::string FormatAddress(const SocketAddress& address);

// Of a connected socket. Both ends of a Unix connection print the listener's path, as in Redis.
// Empty if the socket is not connected any more.
std::string PeerAddressOf(int fd);
std::string LocalAddressOf(int fd);

}  // namespace duet::runtime
