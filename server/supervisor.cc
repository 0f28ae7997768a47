#include "server/supervisor.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace duet {
namespace {

constexpr timeval kPatience{.tv_sec = 3, .tv_usec = 0};  // for each step of the conversation
constexpr size_t kMostAnswerBytes = 4096;

class Socket {
 public:
  Socket(int family, int type) : fd_(::socket(family, type | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

// Where a server that listens on `host` can be reached from its own machine.
std::string ReachableHost(const std::string& host) {
  if (host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

socklen_t MakeAddress(const std::string& host, int port, sockaddr_storage& storage) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<uint16_t>(port));
    return sizeof(*v4);
  }
  inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(static_cast<uint16_t>(port));
  return sizeof(*v6);
}

// The answer's bytes; what has come when the server is too slow.
std::string Ask(int fd, std::string_view request) {
  std::string answer;
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) return answer;
  char chunk[512];
  ssize_t got = 0;
  while (answer.size() < kMostAnswerBytes && (got = ::recv(fd, chunk, sizeof(chunk), 0)) > 0) {
    answer.append(chunk, static_cast<size_t>(got));
  }
  return answer;
}

}  // namespace

void NotifySystemd(std::string_view state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const size_t length = std::strlen(path);
  if (length >= sizeof(address.sun_path)) return;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // the abstract name space
  const Socket socket(AF_UNIX, SOCK_DGRAM);
  const ssize_t ignored =
      ::sendto(socket.fd(), state.data(), state.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address),
               static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
  static_cast<void>(ignored);
}

absl::Status CheckHealthBlocking(const Config& config) {
  if (config.admin_port <= 0) {
    return absl::InvalidArgumentError(
        "--healthcheck needs the number of the admin port (--admin-port)");
  }
  const std::string host = ReachableHost(BindHostsBlocking(config).front());
  const std::string where = absl::StrCat(host, ", port ", config.admin_port);
  sockaddr_storage storage{};
  const socklen_t length = MakeAddress(host, config.admin_port, storage);
  const Socket socket(storage.ss_family, SOCK_STREAM);
  setsockopt(socket.fd(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) {
    return absl::UnavailableError(absl::StrCat("no server at ", where, ": ", strerror(errno)));
  }
  const std::string answer =
      Ask(socket.fd(), "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  if (answer.starts_with("HTTP/1.1 200 ")) return absl::OkStatus();
  const size_t body = answer.find("\r\n\r\n");
  if (body == std::string::npos) {
    return absl::UnavailableError(absl::StrCat("no answer from ", where));
  }
  return absl::UnavailableError(answer.substr(body + 4, answer.find('\n', body + 4) - body - 4));
}

}  // namespace duet
