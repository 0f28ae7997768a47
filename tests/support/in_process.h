// The engine in one process, without a socket: a store, a clock that the test turns, the
// dispatcher and one session; FurtherClient is for what needs several.
//
// Thread-compatible.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/clock.h"
#include "server/base/limits.h"
#include "server/commands/client_registry.h"
#include "server/commands/dispatcher.h"
#include "server/commands/key_observers.h"
#include "server/commands/memory_bound.h"
#include "server/commands/server_context.h"
#include "server/commands/session.h"
#include "server/commands/tracking.h"
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
  std::string shut_down;  // "now" or "drains" after SHUTDOWN
  std::unique_ptr<store::Store> store;
  std::unique_ptr<commands::KeyObservers> observers;
  std::unique_ptr<commands::Tracking> tracking;
  // Of the data only: nothing is asked for elsewhere.
  std::unique_ptr<commands::MemoryBound> memory;
  std::unique_ptr<commands::Dispatcher> dispatcher;
  std::unique_ptr<commands::Session> session;

  // A session with all that the door of a connection fills in.
  std::unique_ptr<commands::Session> NewSession(commands::Door door);
  // Executes through any session of this engine.
  std::string SendAs(commands::Session& as, const std::vector<std::string>& argv);

 private:
  void ApplyMemoryLimits();

  const commands::Door door_;
  std::optional<commands::ClientRegistry::Entry> entry_;  // of `session`, if it is a connection's
};

// One more client of an engine. Nobody but the test takes what is sent to it.
class FurtherClient {
 public:
  explicit FurtherClient(InProcess& engine)
      : engine_(engine),
        session_(engine.NewSession(commands::Door::kResp)),
        entry_(std::in_place, engine.clients, *session_) {}

  // The reply in notation; empty where there was none.
  std::string Run(std::initializer_list<std::string_view> argv);
  // Asks whether the wait is over, as a connection does that was woken. The reply in notation;
  // "waits" if it goes on.
  std::string Resume();
  // What others have sent since the last call, in notation.
  std::string Mail();
  // As when its connection closes.
  void Leave() { entry_.reset(); }

  commands::Session& session() { return *session_; }

 private:
  InProcess& engine_;
  const std::unique_ptr<commands::Session> session_;
  std::optional<commands::ClientRegistry::Entry> entry_;
};

}  // namespace duet::testing
