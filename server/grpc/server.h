// The gRPC door: KeyValueService, health and reflection on one completion queue, which the
// runtime's queue threads drain.
//
// A call is a coroutine (unary_call.h, pipeline.h); a typed RPC is one short binding (bindings.h);
// errors become statuses in one table (status.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "server/base/limits.h"
#include "server/grpc/methods.h"
#include "server/grpc/tls_credentials.h"

namespace duet::commands {
class Dispatcher;
}
namespace duet::metrics {
class Registry;
}
namespace duet::runtime {
class Runtime;
}

namespace duet::rpc {

// A further port of the same server, with TLS.
struct GrpcTlsOptions {
  int port = 0;  // 0: a free one, the same on all addresses
  TlsClientAuth client_auth = TlsClientAuth::kYes;
  TlsFilesSource files;
};

struct GrpcServerOptions {
  std::vector<std::string> addresses = {"127.0.0.1"};  // numeric
  int backlog = 511;
  std::optional<int> port = 50051;             // 0: a free one, the same on all addresses
  std::optional<GrpcTlsOptions> tls;           // this, the port or both
  runtime::Runtime* runtime = nullptr;         // outlives the server; started
  commands::Dispatcher* dispatcher = nullptr;  // outlives the server; its password is asked for
  metrics::Registry* registry = nullptr;       // outlives the server
  size_t counters_offset = 0;                  // queue thread i counts into slot offset + i
  int max_queue_threads = 1;                   // how many may drain the queue; one starts
  Limits limits;
  size_t max_health_watchers = 1024;    // further ones get RESOURCE_EXHAUSTED
  size_t max_reflection_streams = 128;  // of both versions; further ones get RESOURCE_EXHAUSTED
  uint32_t databases = 16;
  std::function<uint64_t()> next_session_id;  // of a stream; unique in the process; empty: from 1
  absl::Duration max_connection_idle = absl::Minutes(5);
  absl::Duration max_connection_age = absl::Minutes(30);  // spreads clients over new servers
};

class GrpcServer {
 public:
  // Binds and serves. Where a port is taken or an address unknown: one line that says so.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(GrpcServerOptions options);

  // Drains with no time left, if that has not been done.
  virtual ~GrpcServer() = default;

  // 0: there is no such port.
  virtual int port() const = 0;
  virtual int tls_port() const = 0;
  // Where it listens, e.g. "127.0.0.1:50051".
  virtual const std::vector<std::string>& listening() const = 0;
  virtual const std::vector<std::string>& tls_listening() const = 0;

  // What health answers for "readiness" and the services. Thread-safe.
  virtual void SetServing(bool serving) = 0;

  // The ports close, health says NOT_SERVING, new calls are refused, idle streams end with
  // UNAVAILABLE, calls in flight are finished, or cancelled after `grace`. Connections without a
  // call whose peers do not close them have a second. Returns when every coroutine has ended. Not
  // on one of the runtime's threads.
  virtual void DrainBlocking(absl::Duration grace) = 0;

  // The labels of WorkerCounters::rpcs, by index.
  static std::span<const MethodName> method_names() { return kMethodNames; }
};

}  // namespace duet::rpc
