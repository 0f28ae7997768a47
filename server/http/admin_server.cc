#include "server/http/admin_server.h"

#include <algorithm>
#include <utility>

#include "server/base/check.h"
#include "server/http/status_page.h"

namespace duet::http {

using runtime::Listener;
using runtime::Runtime;
using runtime::Stream;
using runtime::Task;
using runtime::Worker;

namespace {

using Listeners = std::vector<std::unique_ptr<Listener>>;

// Listens on all hosts at one port. With port 0 the first host finds it.
absl::StatusOr<Listeners> ListenOnAll(Worker& worker, const AdminOptions& options) {
  Listeners listeners;
  int port = options.port;
  for (const std::string& host : options.hosts) {
    absl::StatusOr<std::unique_ptr<Listener>> listener = Listener::Tcp(worker, host, port);
    if (!listener.ok()) return listener.status();
    port = (*listener)->port();
    listeners.push_back(std::move(*listener));
  }
  if (listeners.empty()) return absl::InvalidArgumentError("the admin port has no address");
  return listeners;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(Runtime& runtime,
                                                                AdminOptions options,
                                                                AdminHandlers handlers) {
  DUET_CHECK(handlers.metrics && handlers.status && handlers.ready,
             "the admin server needs its handlers");
  Worker& worker = runtime.worker(runtime.size() - 1);
  // A port that is free on one address may be taken on the next: look for another then.
  constexpr int kTries = 16;
  absl::StatusOr<Listeners> listeners = ListenOnAll(worker, options);
  for (int i = 1; i < kTries && !listeners.ok() && options.port == 0; ++i) {
    listeners = ListenOnAll(worker, options);
  }
  if (!listeners.ok()) return listeners.status();
  std::unique_ptr<AdminServer> server(new AdminServer(runtime, worker, std::move(options),
                                                      std::move(handlers), std::move(*listeners)));
  for (size_t i = 0; i < server->addresses_.size(); ++i) {
    server->tasks_.SpawnOn(worker, server->AcceptLoop(i));
  }
  return server;
}

AdminServer::AdminServer(Runtime& runtime, Worker& worker, AdminOptions options,
                         AdminHandlers handlers, Listeners listeners)
    : worker_(worker),
      options_(std::move(options)),
      handlers_(std::move(handlers)),
      port_(listeners.front()->port()),
      listeners_(std::move(listeners)),
      tasks_(runtime) {
  for (const auto& listener : listeners_) addresses_.push_back(listener->address());
  router_.Add("/", [](const Request&) {
    return Response{200, std::string(StatusPage()), "text/html; charset=utf-8"};
  });
  router_.Add("/status.json", [this](const Request&) {
    return Response{200, handlers_.status(), "application/json"};
  });
  router_.Add("/metrics", [this](const Request& request) {
    // Whoever names it prefers it: Prometheus does, by default.
    const bool open_metrics =
        request.accept.find("application/openmetrics-text") != request.accept.npos;
    return Response{200, handlers_.metrics(open_metrics),
                    open_metrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                 : "text/plain; version=0.0.4; charset=utf-8"};
  });
  router_.Add("/livez", [](const Request&) { return Response{200, "ok\n"}; });
  router_.Add("/readyz", [this](const Request&) { return Ready(); });
}

AdminServer::~AdminServer() {
  DUET_CHECK(tasks_.size() == 0, "an AdminServer died before it was drained");
}

Response AdminServer::Ready() const {
  const absl::Status status = handlers_.ready();
  if (status.ok()) return Response{200, "ok\n"};
  const absl::string_view message = status.message();
  return ErrorResponse(503, std::string_view(message.data(), message.size()));
}

Task<> AdminServer::AcceptLoop(size_t index) {
  Listener* listener = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    listener = listeners_[index].get();
  }
  while (true) {
    runtime::AcceptResult accepted = co_await listener->Accept();
    if (accepted.status != runtime::IoStatus::kOk) break;
    tasks_.SpawnOn(worker_, Serve(std::move(accepted.stream)));
  }
  // Here, since a listener dies on its worker; under the lock, since Drain may hold its address.
  absl::MutexLock lock(&mutex_);
  listeners_[index].reset();
}

Task<> AdminServer::Serve(std::unique_ptr<Stream> stream) {
  co_await stream->MoveTo(worker_);
  if (!MakeRoom()) {
    const Response refusal = ErrorResponse(503, "too many connections to the admin port");
    const runtime::IoResult ignored =
        stream->TryWrite(FormatResponse(refusal, false, false, worker_.clock().WallMs()));
    static_cast<void>(ignored);
    co_return;
  }
  Connection connection(std::move(stream), router_, options_.connection, tasks_.token(),
                        abort_.token());
  connections_.push_back(&connection);
  co_await connection.Run();
  std::erase(connections_, &connection);
}

// False: there is no place for one more.
bool AdminServer::MakeRoom() {
  if (connections_.size() < options_.max_connections) return true;
  const auto waits_longer = [](const Connection* one, const Connection* other) {
    if (!one->waits_since_ns() || !other->waits_since_ns())
      return one->waits_since_ns().has_value();
    return *one->waits_since_ns() < *other->waits_since_ns();
  };
  const auto longest = std::ranges::min_element(connections_, waits_longer);
  if (!(*longest)->waits_since_ns()) return false;
  (*longest)->GiveUp();
  connections_.erase(longest);
  return true;
}

Task<> AdminServer::Drain(runtime::Deadline deadline) {
  {
    absl::MutexLock lock(&mutex_);
    DUET_CHECK(!draining_, "an AdminServer is drained once");
    draining_ = true;
    for (const auto& listener : listeners_) {
      if (listener != nullptr) listener->CancelFromAnyThread();
    }
  }
  tasks_.Cancel();
  // The join is given up at the deadline, which ends it by cutting the connections off.
  runtime::CancelSource give_up;
  Worker& here = worker_.runtime().HomeWorker();
  runtime::Timer timer(here, [&give_up] { give_up.Cancel(); });
  if (!deadline.never()) timer.StartAt(deadline.at_ns());
  const bool joined = co_await tasks_.Join(give_up.token());
  timer.Cancel();
  if (joined) co_return;
  abort_.Cancel();
  co_await tasks_.Join();
}

}  // namespace duet::http
