// What handlers and the dispatcher reach of the server. Built once by the composition root
// (server/server.cc), or by a test; everything it points to outlives it.
// Thread class: the struct is read-only once built; what it points to is thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "server/base/clock.h"
#include "server/base/limits.h"

namespace duet {
class Settings;
}
namespace duet::store {
class Store;
}
namespace duet::metrics {
class Registry;
}

namespace duet::commands {

class ClientRegistry;

struct ServerContext {
  store::Store* store = nullptr;
  Clock* clock = nullptr;
  Settings* settings = nullptr;
  metrics::Registry* metrics = nullptr;
  ClientRegistry* clients = nullptr;
  const Limits* limits = nullptr;
  std::string run_id;  // 40 hex digits
  std::string executable;
  std::string config_file;
  int64_t start_ms = 0;
  int resp_port = 0;
  int grpc_port = 0;
  int admin_port = 0;
  int workers = 1;
  std::string password;  // requirepass; empty: no authentication
};

}  // namespace duet::commands
