// What handlers and the dispatcher reach of the server. Built once by the composition root
// (server/server.cc), or by a test; everything it points to outlives it.
// Thread class: the struct is read-only once built, but for the password; that, and what it points
// to, is thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "server/base/clock.h"
#include "server/base/debug_access.h"
#include "server/base/limits.h"
#include "server/base/password.h"
#include "server/base/relaxed.h"
#include "server/commands/acl_log.h"
#include "server/commands/command_trace.h"
#include "server/commands/lazy_free.h"
#include "server/commands/maintenance.h"
#include "server/commands/output_limits.h"
#include "server/commands/rates.h"
#include "server/tracing/tracer.h"

namespace duet {
class Logger;
class Settings;
}  // namespace duet
namespace duet::store {
class Store;
}
namespace duet::metrics {
class Registry;
}
namespace duet::pubsub {
struct Hub;
}

namespace duet::commands {

class ClientRegistry;
class Tracking;
class MemoryBound;

// What makes every command take further steps; none on the fast way. (dispatcher.cc)
enum ServerMode : uint32_t {
  kPaused = 1u << 0,       // CLIENT PAUSE; stays set a while after its end
  kMemoryBound = 1u << 1,  // maxmemory is not 0
};

// ServerModes of a running server.
// Thread-safe.
class ServerModes {
 public:
  uint32_t Get() const { return modes_.load(std::memory_order_relaxed); }
  bool Has(ServerMode mode) const { return (Get() & mode) != 0; }
  void Set(ServerMode mode, bool on) {
    if (on) {
      modes_.fetch_or(mode, std::memory_order_seq_cst);
    } else {
      modes_.fetch_and(~uint32_t{mode}, std::memory_order_seq_cst);
    }
  }

 private:
  std::atomic<uint32_t> modes_{0};
};

// How often a second work in the background is done: expiry, samples of Rates.
inline constexpr int kBackgroundHz = 10;

// The store's figures at the last CONFIG RESETSTAT.
struct StoreAtReset {
  std::atomic<uint64_t> expired_keys{0};
  std::atomic<uint64_t> expired_lazily{0};
};

struct ServerContext {
  store::Store* store = nullptr;
  Clock* clock = nullptr;
  Logger* log = nullptr;
  Settings* settings = nullptr;
  metrics::Registry* metrics = nullptr;
  ClientRegistry* clients = nullptr;
  pubsub::Hub* hub = nullptr;
  Tracking* tracking = nullptr;  // client-side caching
  MemoryBound* memory = nullptr;
  const Limits* limits = nullptr;
  OutputLimits output_limits;
  ServerModes modes;
  Maintenance maintenance;              // CLIENT MAINT_NOTIFICATIONS
  std::atomic<uint32_t> key_events{0};  // notify-keyspace-events (api/key_event_flags.h)
  CommandTrace trace;                   // MONITOR, SLOWLOG, LATENCY, spans of RESP commands
  tracing::Tracer tracer;               // off until it is opened
  AclLog acl_log;
  Rates rates;  // sampled by the composition root, kBackgroundHz times a second
  LazyFree lazy_free;
  StoreAtReset at_reset;
  DebugAccess debug_access = DebugAccess::kNo;
  std::atomic<bool> active_expire{true};       // DEBUG SET-ACTIVE-EXPIRE
  std::atomic<bool> background_paused{false};  // DEBUG PAUSE-CRON
  // SHUTDOWN: makes the server drain and end, as SIGTERM does; `now`: without the drain delay.
  // Thread-safe; returns at once.
  std::function<void(bool now)> shut_down;
  std::atomic<bool> shutting_down{false};
  std::string run_id;  // 40 hex digits
  std::string executable;
  std::string config_file;
  int64_t start_ms = 0;
  // Each is set once its door is open, when another may already serve.
  Relaxed<int> resp_port = 0;
  Relaxed<int> resp_tls_port = 0;
  Relaxed<int> grpc_port = 0;
  Relaxed<int> grpc_tls_port = 0;
  Relaxed<int> admin_port = 0;
  int workers = 1;
  Password password;  // requirepass; CONFIG SET changes it
};

}  // namespace duet::commands
