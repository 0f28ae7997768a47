// What the coroutines that serve calls share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "grpcpp/completion_queue.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"

#include "server/base/limits.h"
#include "server/commands/dispatcher.h"
#include "server/commands/session.h"
#include "server/grpc/auth.h"
#include "server/grpc/bindings.h"
#include "server/grpc/methods.h"
#include "server/metrics/worker_counters.h"
#include "server/runtime/task.h"

namespace duet::rpc {

// Thread-safe. Outlives all calls.
class CallHost {
 public:
  CallHost(::grpc::ServerCompletionQueue& call_queue, commands::Dispatcher& call_dispatcher,
           const Limits& call_limits, uint32_t database_count, Authenticator authenticator)
      : queue(call_queue),
        dispatcher(call_dispatcher),
        limits(call_limits),
        databases(database_count),
        auth(std::move(authenticator)) {}
  virtual ~CallHost() = default;

  ::grpc::ServerCompletionQueue& queue;
  commands::Dispatcher& dispatcher;
  const Limits& limits;
  const uint32_t databases;
  const Authenticator auth;

  // The counters of the thread that calls it; it must drain the queue.
  virtual metrics::WorkerCounters& Counters() = 0;
  // An id for a stream's session, unique in the process.
  virtual uint64_t NextSessionId() = 0;
  // Runs `task` on this thread until it first suspends, and owns it until it ends.
  virtual void Spawn(runtime::Task<> task) = 0;

  BindingContext Bind(commands::Session& session) {
    return {dispatcher, session, limits, databases};
  }
};

// What streams end with when the server drains.
inline constexpr char kDrainingText[] = "the server is shutting down";
inline ::grpc::Status Draining() { return {::grpc::StatusCode::UNAVAILABLE, kDrainingText}; }

// Has the client's deadline passed? Its call is not run then.
bool DeadlinePassed(const ::grpc::ServerContext& context);

// UNAUTHENTICATED or DEADLINE_EXCEEDED where the call must not run.
::grpc::Status Admit(const CallHost& host, const ::grpc::ServerContext& context);

// Ends a call that is not let in, but for its Finish. That waits for the socket of a peer that does
// not read; the call is cancelled, so that whoever has no password cannot hold slots that way.
void Refuse(::grpc::ServerContext& context, const ::grpc::Status& status);

// Who calls, as MONITOR and SLOWLOG show it: "grpc:127.0.0.1:50412", "grpc:[::1]:50412".
std::string PeerAddress(const ::grpc::ServerContext& context);

// Counts one call into its method's figures.
class CallMeter {
 public:
  explicit CallMeter(Method method) : method_(static_cast<size_t>(method)) {}
  void Started(metrics::WorkerCounters& counters);
  void Ended(metrics::WorkerCounters& counters, ::grpc::StatusCode code);
  static void Received(metrics::RpcCounters& rpc, metrics::WorkerCounters& counters, size_t bytes);
  metrics::RpcCounters& rpc(metrics::WorkerCounters& counters) { return counters.rpcs[method_]; }

 private:
  const size_t method_;
  uint64_t begin_ticks_ = 0;
};

}  // namespace duet::rpc
