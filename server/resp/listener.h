// The RESP door: accepts clients on TCP and Unix-domain addresses and owns their connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "server/resp/connection.h"
#include "server/runtime/listener.h"
#include "server/runtime/runtime.h"
#include "server/runtime/task_group.h"
#include "server/tls/credentials.h"

namespace duet::resp {

struct RespOptions {
  std::vector<std::string> bind;      // numeric addresses
  int port = 6379;                    // 0: the system picks a free one, the same for all addresses
  std::vector<std::string> tls_bind;  // the same for RESP over TLS; empty: none
  int tls_port = 0;
  const tls::Credentials* credentials = nullptr;  // not null where tls_bind is not empty
  std::string unix_socket;                        // path; empty: none
  int unix_socket_mode = 0700;
  int backlog = 511;
  int keepalive_s = 300;   // silence before TCP asks whether the peer lives; 0: never
  int idle_timeout_s = 0;  // a client that is silent for so long is closed; 0: never
};

// Thread class: the methods belong to the thread that owns the server (not a worker).
class RespServer {
 public:
  // Binds the addresses. `runtime`, `dispatcher`, `registry`, the credentials and what they hold
  // outlive the server. Fails with one line that names the address and the reason.
  static absl::StatusOr<std::unique_ptr<RespServer>> Bind(runtime::Runtime& runtime,
                                                          commands::Dispatcher& dispatcher,
                                                          metrics::Registry& registry,
                                                          const RespOptions& options);
  // REQUIRES: Drain() was called, or Start() never was.
  ~RespServer();

  // Accepts from now on.
  void Start();
  int port() const { return port_; }
  int tls_port() const { return tls_port_; }
  // Where it listens, "127.0.0.1:6379" each.
  const std::vector<std::string>& addresses() const { return addresses_; }
  const std::vector<std::string>& tls_addresses() const { return tls_addresses_; }

  // CONFIG SET; thread-safe. The keep-alive is that of the connections to come.
  void set_keepalive_s(int seconds) { keepalive_s_.store(seconds); }
  void set_idle_timeout_s(int seconds) { idle_timeout_s_.store(seconds); }

  // Stops accepting, lets every connection answer what its client has sent, closes them, and waits
  // for that. A client that does not read its replies is cut off after `limit_ms`.
  void DrainBlocking(int64_t limit_ms);

 private:
  RespServer(runtime::Runtime& runtime, commands::Dispatcher& dispatcher,
             metrics::Registry& registry, const RespOptions& options);
  absl::Status ListenTcp(const std::vector<std::string>& hosts, int backlog, bool tls, int& port);
  runtime::Task<> AcceptLoop(runtime::Listener& listener, bool tls);
  runtime::Task<> Serve(std::unique_ptr<runtime::Stream> stream,
                        commands::ClientRegistry::Place place);
  runtime::Task<> Refuse(std::unique_ptr<runtime::Stream> stream);
  runtime::Task<> CloseIdle(size_t worker);
  // Calls `method` of every connection of a worker, on that worker.
  runtime::Task<> ForEachConnection(size_t worker, void (Connection::*method)());

  runtime::Runtime& runtime_;
  ConnectionServices services_;
  const tls::Credentials* const credentials_;  // null: no TLS
  struct Door {
    std::unique_ptr<runtime::Listener> listener;
    bool tls;
  };
  std::vector<Door> doors_;
  std::vector<std::string> addresses_;
  std::vector<std::string> tls_addresses_;
  int port_ = 0;
  int tls_port_ = 0;
  std::atomic<int> keepalive_s_;
  std::atomic<int> idle_timeout_s_;
  runtime::TaskGroup acceptors_;
  runtime::TaskGroup connections_;
};

}  // namespace duet::resp
