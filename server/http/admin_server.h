// The admin port: /metrics, /livez, /readyz and a status page at /, over plain HTTP/1.1.
//
// It runs on the runtime's last worker, the one that is given data connections last, so that a
// scrape delays them as little as there are cores.
//
//   ASSIGN server = AdminServer::Start(runtime, {.hosts = {"127.0.0.1"}, .port = 0}, handlers);
//   ... co_await server->Drain(deadline); server.reset();
//
// Keep it open until the data doors are closed: a probe must be able to see that the server is not
// ready.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "server/http/connection.h"
#include "server/http/router.h"
#include "server/runtime/listener.h"
#include "server/runtime/runtime.h"
#include "server/runtime/task_group.h"
#include "server/runtime/timer.h"

namespace duet::http {

struct AdminOptions {
  std::vector<std::string> hosts = {"127.0.0.1"};  // numeric
  int port = 9121;                                 // 0: a free one, the same on all hosts
  // Where one more comes, the one that has waited longest for its request is closed, so that idle
  // ones do not keep a probe out; if all are being answered, the new one gets 503.
  size_t max_connections = 64;
  ConnectionOptions connection;
};

// Called on the admin worker. They outlive the server.
struct AdminHandlers {
  // metrics::Exposition; true: as OpenMetrics.
  std::function<std::string(bool open_metrics)> metrics;
  std::function<std::string()> status;  // JSON for the status page (server/status.h)
  std::function<absl::Status()> ready;  // OK, or why not: its message is the answer
};

// Thread class: Start, Drain and the destructor belong to the owner; port() and addresses() are
// thread-safe.
class AdminServer {
 public:
  // Listens on every host, or on none: the error says which one failed. The runtime may be started
  // before or after.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(runtime::Runtime& runtime,
                                                            AdminOptions options,
                                                            AdminHandlers handlers);
  // REQUIRES: drained.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  int port() const { return port_; }
  const std::vector<std::string>& addresses() const { return addresses_; }  // "127.0.0.1:9121"

  // co_await, once, on a worker: stops accepting, answers the requests that have arrived, closes
  // idle connections; what is left at `deadline` is cut off. Ends when all is closed.
  runtime::Task<> Drain(runtime::Deadline deadline);

 private:
  using Listeners = std::vector<std::unique_ptr<runtime::Listener>>;
  AdminServer(runtime::Runtime& runtime, runtime::Worker& worker, AdminOptions options,
              AdminHandlers handlers, Listeners listeners);

  runtime::Task<> AcceptLoop(size_t index);
  runtime::Task<> Serve(std::unique_ptr<runtime::Stream> stream);
  bool MakeRoom();
  Response Ready() const;

  runtime::Worker& worker_;
  const AdminOptions options_;
  const AdminHandlers handlers_;
  Router router_;
  int port_ = 0;
  std::vector<std::string> addresses_;

  absl::Mutex mutex_;                            // held for a few instructions
  Listeners listeners_ ABSL_GUARDED_BY(mutex_);  // each is reset by its accept loop, on worker_
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Connection*> connections_;  // on worker_; without those that were given up
  runtime::CancelSource abort_;
  runtime::TaskGroup tasks_;  // accept loops and connections; its token is the drain
};

}  // namespace duet::http
