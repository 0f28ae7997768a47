// Keyspace notifications: what happens to keys, as messages on channels named after the key and
// after the event (key_event_flags.h). Off unless notify-keyspace-events says otherwise.
//
// Handlers publish what they did (CommandContext::Notify); what nobody commanded, and new keys,
// come from the store's observer.
//
// When you add a command that changes keys: publish Redis' event for it, after the change, one an
// event and key, in Redis' order.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/api/key_event_flags.h"
#include "server/commands/server_context.h"
#include "server/store/key_observer.h"

namespace duet::commands {

// Publishes `event` of `key` where `kind` is switched on. Thread-safe; called under the lock of the
// key's shard, so that the events of a key come in the order of its changes.
void PublishKeyEvent(ServerContext& server, KeyEvent kind, std::string_view event,
                     std::string_view key, int database);

// Publishes "new", "expired" and "evicted".
// Thread-safe.
class KeyEventObserver final : public store::KeyObserver {
 public:
  // `server` outlives it.
  explicit KeyEventObserver(ServerContext& server) : server_(server) {}

  // Is there anything to observe with these KeyEvents?
  static bool Listens(uint32_t events) {
    return (events & (kNewEvent | kExpiredEvent | kEvictedEvent)) != 0 &&
           (events & (kOnKeyspace | kOnKeyevent)) != 0;
  }

  void KeyChanged(int, std::string_view, store::Origin) override {}
  void KeyAdded(int database, std::string_view key) override {
    PublishKeyEvent(server_, kNewEvent, "new", key, database);
  }
  void KeyExpired(int database, std::string_view key) override {
    PublishKeyEvent(server_, kExpiredEvent, "expired", key, database);
  }
  void KeyEvicted(int database, std::string_view key) override {
    PublishKeyEvent(server_, kEvictedEvent, "evicted", key, database);
  }

 private:
  ServerContext& server_;
};

}  // namespace duet::commands
