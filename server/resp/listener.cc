#include "server/resp/listener.h"

#include <algorithm>
#include <chrono>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "server/base/log.h"
#include "server/runtime/timer.h"

namespace duet::resp {
namespace {

// As Redis answers above maxclients.
constexpr std::string_view kTooManyClients = "-ERR max number of clients reached\r\n";

// A Unix-domain socket refuses the TCP options, which is as well.
void SetKeepAlive(int fd, int seconds) {
  const int on = seconds > 0 ? 1 : 0;
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  if (on == 0) return;
  const int interval = std::max(seconds / 3, 1);  // as Redis: three probes, a third apart
  const int probes = 3;
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RespServer>> RespServer::Bind(runtime::Runtime& runtime,
                                                             commands::Dispatcher& dispatcher,
                                                             metrics::Registry& registry,
                                                             const RespOptions& options) {
  std::unique_ptr<RespServer> server(new RespServer(runtime, dispatcher, registry, options));
  server->port_ = options.port;
  server->tls_port_ = options.tls_port;
  absl::Status bound = server->ListenTcp(options.bind, options.backlog, false, server->port_);
  if (bound.ok()) {
    bound = server->ListenTcp(options.tls_bind, options.backlog, true, server->tls_port_);
  }
  if (!bound.ok()) return bound;
  if (!options.unix_socket.empty()) {
    absl::StatusOr<std::unique_ptr<runtime::Listener>> listener = runtime::Listener::Unix(
        runtime.worker(0), options.unix_socket, options.unix_socket_mode, options.backlog);
    if (!listener.ok()) return listener.status();
    server->addresses_.push_back((*listener)->address());
    server->doors_.push_back({*std::move(listener), /*tls=*/false});
  }
  return server;
}

// `port` 0 becomes the one that the first host gave.
absl::Status RespServer::ListenTcp(const std::vector<std::string>& hosts, int backlog, bool tls,
                                   int& port) {
  for (const std::string& host : hosts) {
    absl::StatusOr<std::unique_ptr<runtime::Listener>> listener =
        runtime::Listener::Tcp(runtime_.worker(0), host, port, backlog);
    if (!listener.ok()) return listener.status();
    port = (*listener)->port();
    (tls ? tls_addresses_ : addresses_).push_back((*listener)->address());
    doors_.push_back({*std::move(listener), tls});
  }
  return absl::OkStatus();
}

RespServer::RespServer(runtime::Runtime& runtime, commands::Dispatcher& dispatcher,
                       metrics::Registry& registry, const RespOptions& options)
    : runtime_(runtime),
      services_{.dispatcher = dispatcher,
                .clients = *dispatcher.server().clients,
                .limits = *dispatcher.server().limits,
                .clock = *dispatcher.server().clock,
                .workers = {}},
      credentials_(options.credentials),
      keepalive_s_(options.keepalive_s),
      idle_timeout_s_(options.idle_timeout_s),
      acceptors_(runtime),
      connections_(runtime) {
  for (int i = 0; i < runtime.size(); ++i) {
    services_.workers.push_back(std::make_unique<WorkerState>(runtime.worker(i)));
    services_.workers.back()->counters = &registry.worker(static_cast<size_t>(i));
  }
}

RespServer::~RespServer() = default;

void RespServer::Start() {
  for (const Door& door : doors_) acceptors_.Spawn(AcceptLoop(*door.listener, door.tls));
  for (int i = 0; i < runtime_.size(); ++i) {
    acceptors_.SpawnOn(runtime_.worker(i), CloseIdle(static_cast<size_t>(i)));
  }
}

runtime::Task<> RespServer::AcceptLoop(runtime::Listener& listener, bool tls) {
  for (;;) {
    runtime::AcceptResult accepted = co_await listener.Accept();
    if (accepted.status != runtime::IoStatus::kOk) co_return;
    runtime::Worker& worker = accepted.stream->worker();
    metrics::WorkerCounters& counters =
        *services_.workers[static_cast<size_t>(listener.worker().index())]->counters;
    commands::ClientRegistry::Place place = services_.clients.Connect();
    if (tls) accepted.stream->StartTls(credentials_->NewSession());
    if (place) {
      counters.connections_accepted.Add();
      SetKeepAlive(accepted.stream->fd(), keepalive_s_.load(std::memory_order_relaxed));
      connections_.SpawnOn(worker, Serve(std::move(accepted.stream), std::move(place)));
    } else {
      counters.connections_rejected.Add();
      services_.dispatcher.server().log->Warning(
          LogTarget::kResp, "refused a connection: there are as many as maxclients allows",
          {{"peer", accepted.stream->PeerAddress()},
           {"maxclients", services_.clients.max_clients()}});
      connections_.SpawnOn(worker, Refuse(std::move(accepted.stream)));
    }
  }
}

runtime::Task<> RespServer::Serve(std::unique_ptr<runtime::Stream> stream,
                                  commands::ClientRegistry::Place place) {
  Connection connection(services_, std::move(stream), std::move(place));
  co_await connection.Run();
}

runtime::Task<> RespServer::Refuse(std::unique_ptr<runtime::Stream> stream) {
  // One try: a client that was refused is not waited for. In TLS there is no handshake to say it
  // in.
  const runtime::IoResult written = stream->TryWrite(kTooManyClients);
  static_cast<void>(written);
  co_return;
}

// Looks once a second, as exact as the setting.
runtime::Task<> RespServer::CloseIdle(size_t worker) {
  const runtime::CancelToken token = acceptors_.token();
  for (;;) {
    const bool elapsed = co_await runtime::Sleep(runtime_.worker(static_cast<int>(worker)),
                                                 std::chrono::seconds(1), token);
    if (!elapsed) co_return;
    const int limit_s = idle_timeout_s_.load(std::memory_order_relaxed);
    if (limit_s == 0) continue;
    const int64_t idle_since_ms = services_.clock.WallMs() - int64_t{limit_s} * 1000;
    Connection* connection = services_.workers[worker]->connections;
    while (connection != nullptr) {
      Connection* const next = connection->next();
      if (connection->last_input_ms() < idle_since_ms && !connection->listens()) {
        connection->CutOff();
      }
      connection = next;
    }
  }
}

runtime::Task<> RespServer::ForEachConnection(size_t worker, void (Connection::*method)()) {
  Connection* connection = services_.workers[worker]->connections;
  while (connection != nullptr) {
    Connection* const next = connection->next();
    (connection->*method)();  // may end the connection
    connection = next;
  }
  co_return;
}

void RespServer::DrainBlocking(int64_t limit_ms) {
  for (const Door& door : doors_) door.listener->CancelFromAnyThread();
  acceptors_.Cancel();
  acceptors_.JoinBlocking();
  services_.draining.store(true);
  const auto tell_all = [this](void (Connection::*method)()) {
    for (int i = 0; i < runtime_.size(); ++i) {
      connections_.SpawnOn(runtime_.worker(i), ForEachConnection(static_cast<size_t>(i), method));
    }
  };
  tell_all(&Connection::Drain);
  if (!connections_.JoinBlocking(absl::Milliseconds(limit_ms))) {
    tell_all(&Connection::CutOff);
    connections_.JoinBlocking();
  }
}

}  // namespace duet::resp
