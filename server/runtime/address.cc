#include "server/runtime/address.h"

#include <arpa/inet.h>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>
#include <sys/un.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace duet::runtime {

absl::StatusOr<SocketAddress> ParseTcpAddress(const std::string& host, int port) {
  if (port < 0 || port > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("port ", port, " is not between 0 and 65535"));
  }
  SocketAddress address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  std::string ip = host;
  if (host.empty() || host == "*") ip = "0.0.0.0";
  if (host == "localhost") ip = "127.0.0.1";
  if (inet_pton(AF_INET, ip.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<uint16_t>(port));
    address.length = sizeof(*v4);
  } else if (inet_pton(AF_INET6, ip.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<uint16_t>(port));
    address.length = sizeof(*v6);
  } else {
    return absl::InvalidArgumentError(absl::StrCat("'", host, "' is not an IP address"));
  }
  return address;
}

std::string FormatAddress(const SocketAddress& address) {
  char ip[INET6_ADDRSTRLEN] = "";
  switch (address.storage.ss_family) {
    case AF_INET: {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
      inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof(ip));
      return absl::StrCat(ip, ":", ntohs(v4->sin_port));
    }
    case AF_INET6: {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
      inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof(ip));
      return absl::StrCat("[", ip, "]:", ntohs(v6->sin6_port));
    }
    case AF_UNIX: {
      const auto* local = reinterpret_cast<const sockaddr_un*>(&address.storage);
      const size_t room = address.length > offsetof(sockaddr_un, sun_path)
                              ? address.length - offsetof(sockaddr_un, sun_path)
                              : 0;
      return absl::StrCat(std::string(local->sun_path, strnlen(local->sun_path, room)), ":0");
    }
    default:
      return "";
  }
}

std::string LocalAddressOf(int fd) {
  SocketAddress address;
  address.length = sizeof(address.storage);
  if (getsockname(fd, address.get(), &address.length) != 0) return "";
  return FormatAddress(address);
}

std::string PeerAddressOf(int fd) {
  SocketAddress address;
  address.length = sizeof(address.storage);
  if (getpeername(fd, address.get(), &address.length) != 0) return "";
  if (address.storage.ss_family == AF_UNIX) return LocalAddressOf(fd);
  return FormatAddress(address);
}

}  // namespace duet::runtime
