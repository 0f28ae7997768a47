// Accepts the connections of the gRPC door and hands them to gRPC.
//
// Why not gRPC's own listener: it has no limit, and in 1.51 an accept that fails for want of a
// descriptor closes its port for good (grpc#16058). The runtime's waits and goes on. gRPC takes
// accepted sockets through ServerBuilder::experimental().AddExternalConnectionAcceptor.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/server_builder.h"

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/grpc/given_sockets.h"
#include "server/metrics/worker_counters.h"
#include "server/runtime/listener.h"
#include "server/runtime/runtime.h"
#include "server/runtime/stream.h"
#include "server/runtime/task.h"
#include "server/runtime/task_group.h"

namespace duet::rpc {

// Listening sockets with one port; connections wait in their backlogs until Acceptor::Start.
struct BoundPort {
  int port = 0;                        // 0: there is none
  std::vector<std::string> addresses;  // "127.0.0.1:50051", "[::1]:50051"
  std::vector<std::unique_ptr<runtime::Listener>> listeners;
};

// `hosts` are numeric addresses; port 0 picks one that is free on each. An error is one line for
// the operator.
absl::StatusOr<BoundPort> BindPort(runtime::Runtime& runtime, const std::vector<std::string>& hosts,
                                   int port, int backlog);

// The connections of all ports together are bounded; further ones are closed at once.
// Thread class: the methods belong to the thread that owns it (not a worker).
class Acceptor {
 public:
  using Receiver = ::grpc::experimental::ExternalConnectionAcceptor;

  // What it gets outlives it. It counts into `counters` on worker 0.
  Acceptor(runtime::Runtime& runtime, size_t max_connections, const Clock& clock, Logger& log,
           metrics::WorkerCounters& counters)
      : worker_(runtime.worker(0)),
        clock_(clock),
        log_(log),
        counters_(counters),
        given_(max_connections),
        tasks_(runtime) {}
  // REQUIRES: StopBlocking() was called, or Start() never was.
  ~Acceptor() = default;

  // From now on `receiver` gets what connects to the port. REQUIRES: gRPC's server runs.
  void Start(BoundPort& port, std::unique_ptr<Receiver> receiver);
  // Lets go of the ports. gRPC gets no connection any more once it returns.
  void StopBlocking();

 private:
  runtime::Task<> AcceptLoop(runtime::Listener& listener, Receiver& receiver);
  void Give(std::unique_ptr<runtime::Stream> stream, Receiver& receiver);
  runtime::Task<> CloseListeners();

  runtime::Worker& worker_;  // whose thread the counters and given_ are used on
  const Clock& clock_;
  Logger& log_;
  metrics::WorkerCounters& counters_;
  GivenSockets given_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::vector<std::unique_ptr<runtime::Listener>> listeners_;
  runtime::TaskGroup tasks_;
};

}  // namespace duet::rpc
