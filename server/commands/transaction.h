// Transactions: MULTI, EXEC and what a session watches for them.
//
// Between MULTI and EXEC a session is kInTransaction: its commands are checked as ever and put into
// a queue, but for the few that are executed at once (kNotQueued). One that is refused spoils the
// transaction, whose EXEC is refused then. EXEC locks the shards of all queued and all watched keys
// once, in ascending order, and holds them until the last command has run: nobody sees a state in
// between, through whichever door. Where a queued command walks over the store (KEYS, FLUSHALL), it
// locks all.
//
// A session stays kInTransaction until EXEC is done. So a handler that finds it set runs inside of
// EXEC, under the locks of all its commands, and must not let its client wait.
//
// Thread class: worker-bound, as the session that owns it.
#pragma once

#include <cstdint>
#include <optional>

#include "server/api/error.h"
#include "server/base/limits.h"
#include "server/commands/command_queue.h"
#include "server/commands/session.h"
#include "server/commands/watched_keys.h"
#include "server/store/store.h"

namespace duet::commands {

// Of a session that watches keys or is kInTransaction.
struct Transaction {
  // `store` outlives it.
  explicit Transaction(store::Store& store) : watched(store) {}

  uint64_t bytes() const { return queue.bytes() + watched.bytes(); }

  WatchedKeys watched;
  CommandQueue queue;
  bool spoiled = false;  // a command was refused, and so will EXEC be
};

// The session's, made where there is none yet.
Transaction& TransactionOf(Session& session, store::Store& store);
// Ends it, whatever is queued, and unwatches all keys. REQUIRES: the calling thread holds no shard,
// or nothing is watched.
void EndTransaction(Session& session);
// A command of the session was refused.
void SpoilTransaction(Session& session);

// Lets others see what the session's transaction holds (CLIENT LIST).
void ShowTransaction(Session& session);

// A transaction may hold as much as one command may (client-query-buffer-limit): the error, if
// with `more_bytes` it would hold more.
std::optional<Error> CheckSize(const Transaction& transaction, uint64_t more_bytes,
                               const Limits& limits);

}  // namespace duet::commands
