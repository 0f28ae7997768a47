#include "server/grpc/acceptor.h"

#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace duet::rpc {
namespace {

constexpr int kAttempts = 16;  // free ports tried until one is free on every address

// A peer that does not acknowledge what it is sent for so long is gone. gRPC sets it where it
// accepts by itself.
constexpr int kUserTimeoutMs = 20'000;

absl::StatusOr<BoundPort> TryBind(runtime::Runtime& runtime, const std::vector<std::string>& hosts,
                                  int port, int backlog) {
  BoundPort bound;
  bound.port = port;
  for (const std::string& host : hosts) {
    absl::StatusOr<std::unique_ptr<runtime::Listener>> listener =
        runtime::Listener::Tcp(runtime.worker(0), host, bound.port, backlog);
    if (!listener.ok()) {
      return absl::Status(listener.status().code(),
                          absl::StrCat("grpc: ", listener.status().message()));
    }
    bound.port = (*listener)->port();
    bound.addresses.push_back((*listener)->address());
    bound.listeners.push_back(*std::move(listener));
  }
  return bound;
}

}  // namespace

absl::StatusOr<BoundPort> BindPort(runtime::Runtime& runtime, const std::vector<std::string>& hosts,
                                   int port, int backlog) {
  if (hosts.empty()) return absl::InvalidArgumentError("grpc: no address to listen on");
  absl::StatusOr<BoundPort> bound = TryBind(runtime, hosts, port, backlog);
  // What is free on the first address may be taken on the next.
  for (int attempt = 1; port == 0 && !bound.ok() && attempt < kAttempts; ++attempt) {
    bound = TryBind(runtime, hosts, port, backlog);
  }
  return bound;
}

void Acceptor::Start(BoundPort& port, std::unique_ptr<Receiver> receiver) {
  Receiver& to = *receivers_.emplace_back(std::move(receiver));
  for (std::unique_ptr<runtime::Listener>& listener : port.listeners) {
    tasks_.SpawnOn(worker_, AcceptLoop(*listener, to));
    listeners_.push_back(std::move(listener));
  }
  port.listeners.clear();
}

runtime::Task<> Acceptor::AcceptLoop(runtime::Listener& listener, Receiver& receiver) {
  for (;;) {
    runtime::AcceptResult accepted = co_await listener.Accept();
    if (accepted.status == runtime::IoStatus::kError) {
      log_.Error(LogTarget::kGrpc, "cannot accept connections any more",
                 {{"address", listener.address()}, {"reason", std::strerror(accepted.error)}});
    }
    if (accepted.status != runtime::IoStatus::kOk) co_return;
    Give(std::move(accepted.stream), receiver);
  }
}

void Acceptor::Give(std::unique_ptr<runtime::Stream> stream, Receiver& receiver) {
  if (!given_.Add(stream->fd(), clock_.WallMs())) {
    counters_.grpc_connections_rejected.Add();
    log_.Warning(LogTarget::kGrpc,
                 "refused a connection: there are as many as grpc-max-connections allows",
                 {{"peer", stream->PeerAddress()}, {"grpc-max-connections", given_.max()}});
    return;
  }
  counters_.grpc_connections_accepted.Add();
  setsockopt(stream->fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, &kUserTimeoutMs, sizeof(kUserTimeoutMs));
  Receiver::NewConnectionParameters connection;
  connection.fd = stream->TakeSocket().Release();
  receiver.HandleNewConnection(&connection);
}

void Acceptor::StopBlocking() {
  tasks_.SpawnOn(worker_, CloseListeners());
  tasks_.JoinBlocking();
}

// Listeners die on their worker, without an Accept() of theirs.
runtime::Task<> Acceptor::CloseListeners() {
  for (const std::unique_ptr<runtime::Listener>& listener : listeners_) listener->Cancel();
  listeners_.clear();
  co_return;
}

}  // namespace duet::rpc
