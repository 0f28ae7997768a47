#include "server/grpc/listen_addresses.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "absl/status/status.h"

namespace duet::rpc {
namespace {

constexpr int kAttempts = 16;  // free ports tried until one is free on every address

struct Endpoint {
  std::string name;  // as the operator wrote it
  sockaddr_storage address{};
  socklen_t length = 0;

  bool is_v6() const { return address.ss_family == AF_INET6; }
  bool is_wildcard() const {
    if (is_v6()) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
      return IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
    }
    return reinterpret_cast<const sockaddr_in*>(&address)->sin_addr.s_addr == htonl(INADDR_ANY);
  }
  void SetPort(int port) {
    const in_port_t value = htons(static_cast<uint16_t>(port));
    if (is_v6()) {
      reinterpret_cast<sockaddr_in6*>(&address)->sin6_port = value;
    } else {
      reinterpret_cast<sockaddr_in*>(&address)->sin_port = value;
    }
  }
  std::string Target(int port) const {
    char text[INET6_ADDRSTRLEN] = "";
    if (is_v6()) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address);
      inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
      return "[" + std::string(text) + "]:" + std::to_string(port);
    }
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
    return std::string(text) + ":" + std::to_string(port);
  }
};

absl::StatusOr<Endpoint> Resolve(const std::string& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(name.c_str(), "0", &hints, &found);
  if (error != 0) {
    return absl::InvalidArgumentError("grpc: cannot listen on " + name + ": " +
                                      gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  Endpoint endpoint;
  endpoint.name = name;
  std::memcpy(&endpoint.address, found->ai_addr, found->ai_addrlen);
  endpoint.length = found->ai_addrlen;
  return endpoint;
}

// Binds a socket to the endpoint and lets go of it. 0, or the errno that forbids it; `port` 0 is
// replaced by the one that the kernel gave.
int TryBind(Endpoint endpoint, int& port) {
  endpoint.SetPort(port);
  const int fd = socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  // As gRPC does not: "::" means IPv6 alone here, so that it is free beside 0.0.0.0.
  if (endpoint.is_v6()) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  int error = 0;
  auto* address = reinterpret_cast<sockaddr*>(&endpoint.address);
  if (bind(fd, address, endpoint.length) != 0) {
    error = errno;
  } else if (port == 0) {
    getsockname(fd, address, &endpoint.length);
    port = ntohs(endpoint.is_v6() ? reinterpret_cast<sockaddr_in6*>(address)->sin6_port
                                  : reinterpret_cast<sockaddr_in*>(address)->sin_port);
  }
  close(fd);
  return error;
}

bool MissingFamily(int error) { return error == EADDRNOTAVAIL || error == EAFNOSUPPORT; }

absl::Status CannotListen(const Endpoint& endpoint, int port, int error) {
  const std::string where = endpoint.Target(port);
  if (error == EADDRINUSE) {
    return absl::AlreadyExistsError("grpc: cannot listen on " + where + ": the port is in use");
  }
  return absl::UnavailableError("grpc: cannot listen on " + where + ": " + std::strerror(error));
}

// One try. Where `port` is 0 it becomes the one that was found.
absl::Status TryAll(const std::vector<Endpoint>& endpoints, int& port, ListenPlan& plan) {
  absl::Status missing;
  bool wildcard = false;
  plan.targets.clear();
  for (const Endpoint& endpoint : endpoints) {
    const int error = TryBind(endpoint, port);
    if (MissingFamily(error)) {
      missing.Update(CannotListen(endpoint, port, error));
      continue;
    }
    if (error != 0) return CannotListen(endpoint, port, error);
    // gRPC's wildcard listens for both families at once.
    if (!(wildcard && endpoint.is_wildcard())) plan.targets.push_back(endpoint.Target(port));
    wildcard = wildcard || endpoint.is_wildcard();
  }
  plan.port = port;
  return plan.targets.empty() ? missing : absl::OkStatus();
}

}  // namespace

absl::StatusOr<ListenPlan> PlanListeningBlocking(const std::vector<std::string>& addresses,
                                                 int port) {
  if (addresses.empty()) return absl::InvalidArgumentError("grpc: no address to listen on");
  std::vector<Endpoint> endpoints;
  for (const std::string& name : addresses) {
    absl::StatusOr<Endpoint> endpoint = Resolve(name);
    if (!endpoint.ok()) return endpoint.status();
    endpoints.push_back(*std::move(endpoint));
  }
  ListenPlan plan;
  absl::Status status;
  for (int attempt = 0; attempt < (port == 0 ? kAttempts : 1); ++attempt) {
    int candidate = port;
    status = TryAll(endpoints, candidate, plan);
    if (status.ok()) return plan;
  }
  return status;
}

}  // namespace duet::rpc
