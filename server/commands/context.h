// What a handler gets: its arguments, the locked database, and where to write the reply.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "server/api/argv.h"
#include "server/api/reply_writer.h"
#include "server/commands/key_events.h"
#include "server/commands/server_context.h"
#include "server/commands/session.h"
#include "server/metrics/worker_counters.h"
#include "server/store/database.h"
#include "server/store/shard_locks.h"

namespace duet::commands {

struct CommandSpec;

// Lives on the dispatcher's stack for one command.
struct CommandContext {
  Argv args;  // args[0] is the name (args[1] a subcommand's)
  ReplyWriter& reply;
  Session& session;
  ServerContext& server;
  const CommandSpec& spec;
  store::Database db;  // the session's database; the shards of the keys are locked
  store::ShardLocks& locks;
  std::span<const store::Key> keys;  // the row's keys, hashed, in argument order
  int64_t now_ms;

  // The first key. REQUIRES: the row has keys.
  const store::Key& key() const { return keys[0]; }
  // What a read command finds at `key`; counts a keyspace hit or miss. nullptr: missing or expired.
  const store::Entry* Read(const store::Key& key) {
    const store::Entry* entry = db.Find(key);
    (entry != nullptr ? session.counters->keyspace_hits : session.counters->keyspace_misses).Add();
    if (entry == nullptr) Notify(kMissEvent, "keymiss", key);
    return entry;
  }
  // Tells those who listen to the keyspace what was done to `key` (key_events.h).
  void Notify(KeyEvent kind, std::string_view event, const store::Key& key) const {
    Notify(kind, event, key, db.index());
  }
  void Notify(KeyEvent kind, std::string_view event, const store::Key& key, int database) const {
    if (server.key_events.load(std::memory_order_relaxed) != 0) [[unlikely]] {
      PublishKeyEvent(server, kind, event, key.bytes, database);
    }
  }
  // Memory to be freed after the locks are released (FLUSHALL, UNLINK).
  std::shared_ptr<void> garbage{};
};

}  // namespace duet::commands
