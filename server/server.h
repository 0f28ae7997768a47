// The composition root: owns every part, starts them in order, drains them in reverse.
//
//   store, counters, dispatcher -> runtime -> RESP door -> gRPC door -> admin listener -> ready
//
// Thread class: belongs to the thread that made it.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/commands/client_registry.h"
#include "server/commands/dispatcher.h"
#include "server/commands/key_events.h"
#include "server/commands/key_observers.h"
#include "server/commands/memory_bound.h"
#include "server/commands/server_context.h"
#include "server/commands/tracking.h"
#include "server/config.h"
#include "server/config_settings.h"
#include "server/grpc/core_log.h"
#include "server/grpc/server.h"
#include "server/http/admin_server.h"
#include "server/metrics/exposition.h"
#include "server/metrics/worker_counters.h"
#include "server/oom_score.h"
#include "server/pubsub/hub.h"
#include "server/resp/listener.h"
#include "server/runtime/runtime.h"
#include "server/runtime/shutdown_signal.h"
#include "server/runtime/task_group.h"
#include "server/store/store.h"
#include "server/tls/credentials.h"
#include "server/tls/file_watch.h"
#include "server/tracing/exporter.h"

namespace duet {

// Who listens where, for the lines that start-up prints.
struct ListeningDoor {
  std::string door;     // "resp", "resp-tls", "grpc", "grpc-tls", "admin"
  std::string address;  // "127.0.0.1:6379", "[::1]:6379", "/run/duet.sock"
};

class Server {
 public:
  // Binds every door and serves. Fails with one line that says what could not be had.
  // REQUIRES: no other thread runs yet (signals are blocked for all that follow).
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Config& config);
  // REQUIRES: DrainBlocking() has returned, or nothing was started.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::vector<ListeningDoor> listening() const;
  // Waits for SIGTERM or SIGINT; the signal's number.
  int WaitForSignalBlocking() { return signal_.WaitBlocking(); }
  // Not ready; after the drain delay stops accepting, finishes what is in flight, and closes,
  // within the drain timeout.
  void DrainBlocking();

 private:
  explicit Server(const Config& config);
  absl::Status Open();
  absl::Status LoadTls();
  absl::Status OpenResp(const std::vector<std::string>& hosts);
  absl::Status OpenAdmin(const std::vector<std::string>& hosts);
  absl::Status OpenGrpc(const std::vector<std::string>& hosts);  // REQUIRES: the runtime runs
  void ReportSettings();
  void RegisterRuntimeSettings();
  void RegisterPubsubSettings();
  void SetKeyEvents(uint32_t events);
  void SetSampleRatio(double ratio);
  void SetOutputLimits(const Config& config);
  runtime::Task<> WatchOutputs();
  runtime::Task<> WorkInBackground();
  bool WorkSome();
  bool ExpireKeys();  // are there more?
  void SampleRates();
  void ShutDown(bool now);  // SHUTDOWN; any thread
  bool EvictKeys();         // there are more
  metrics::Figures Figures();

  const Config config_;
  SystemClock clock_;
  runtime::ShutdownSignal signal_;  // before whatever has a thread
  Logger log_;
  rpc::CoreLog grpc_log_;
  ConfigSettings settings_;
  OomScore oom_score_;
  commands::ClientRegistry clients_;
  pubsub::Hub hub_;
  store::Store store_;
  runtime::Runtime runtime_;
  metrics::Registry registry_;
  commands::ServerContext context_;
  commands::KeyObservers key_observers_;
  commands::KeyEventObserver key_event_observer_;
  commands::Tracking tracking_;
  std::optional<commands::MemoryBound> memory_;  // from the constructor's end on
  std::unique_ptr<commands::Dispatcher> dispatcher_;
  runtime::TaskGroup background_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> skip_drain_delay_{false};
  bool started_ = false;
  std::unique_ptr<tls::Credentials> tls_credentials_;  // null: no door speaks TLS
  std::unique_ptr<tls::FileWatch> tls_watch_;
  std::unique_ptr<resp::RespServer> resp_;
  std::unique_ptr<rpc::GrpcServer> grpc_;
  std::unique_ptr<http::AdminServer> admin_;
  std::unique_ptr<tracing::Exporter> span_exporter_;  // null: nothing is traced
};

}  // namespace duet
