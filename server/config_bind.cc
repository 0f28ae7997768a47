#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/config.h"

namespace duet {
namespace {

// Whether a socket can be bound to `host`, at whatever port.
bool MachineHasAddress(const std::string& host) {
  sockaddr_storage storage{};
  socklen_t length = 0;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    length = sizeof(*v4);
  } else if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    length = sizeof(*v6);
  } else {
    return false;
  }
  const int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno != EAFNOSUPPORT;
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&storage), length) == 0;
  const bool missing = !bound && errno == EADDRNOTAVAIL;
  close(fd);
  return !missing;
}

}  // namespace

std::vector<std::string> BindHostsBlocking(const Config& config) {
  std::vector<std::string> hosts;
  for (const BindAddress& address : config.bind) {
    if (!address.optional || MachineHasAddress(address.host)) hosts.push_back(address.host);
  }
  return hosts;
}

}  // namespace duet
