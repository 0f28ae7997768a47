// The engine in one process, without a socket: a store, a clock that the test turns, the
// dispatcher and one session.
//
// Thread-compatible.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/clock.h"
#include "server/base/limits.h"
#include "server/commands/client_registry.h"
#include "server/commands/dispatcher.h"
#include "server/commands/server_context.h"
#include "server/commands/session.h"
#include "server/metrics/worker_counters.h"
#include "server/pubsub/hub.h"
#include "server/store/store.h"
#include "tests/support/door.h"
#include "tests/support/map_settings.h"
#include "tests/support/recorder.h"

namespace duet::testing {

class InProcess final : public TestDoor {
 public:
  explicit InProcess(commands::Door door = commands::Door::kResp);

  std::string Send(const std::vector<std::string>& argv) override;
  void AdvanceMs(int64_t ms) override { clock.AdvanceMs(ms); }
  void Reset() override;
  bool keeps_session() const override { return door_ != commands::Door::kGrpcUnary; }

  // Executes and returns the reply in the notation of notation.h.
  std::string Run(std::initializer_list<std::string_view> argv);
  // Executes as one pipelined batch; the replies in notation, one an element.
  std::vector<std::string> RunBatch(const std::vector<std::vector<std::string>>& commands);

  ManualClock clock{kStartMs};
  Limits limits;
  MapSettings settings;
  metrics::Registry registry{4};  // workers of a door in front of it count into their own
  commands::ClientRegistry clients{10};
  pubsub::Hub hub;
  commands::ServerContext server;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<commands::Dispatcher> dispatcher;
  std::unique_ptr<commands::Session> session;

 private:
  std::unique_ptr<commands::Session> NewSession();

  const commands::Door door_;
};

}  // namespace duet::testing
