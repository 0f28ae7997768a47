#include "server/runtime/socket_options.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace duet::runtime {

namespace {
void Set(int fd, int level, int option, int value) {
  // A socket that lacks an option works without it.
  ::setsockopt(fd, level, option, &value, sizeof(value));
}
}  // namespace

void PrepareConnectedSocket(int fd) {
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  int domain = 0;
  socklen_t length = sizeof(domain);
  ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length);
  if (domain != AF_INET && domain != AF_INET6) return;
  constexpr int kKeepAliveS = 300;
  Set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  Set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  Set(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveS);
  Set(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveS / 3);
  Set(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace duet::runtime
