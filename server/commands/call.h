// A command on its way through the dispatcher's steps, for dispatcher.cc and the files of the
// steps.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "absl/container/inlined_vector.h"

#include "server/api/argv.h"
#include "server/api/reply_writer.h"
#include "server/commands/access_clock.h"
#include "server/commands/command_table.h"
#include "server/commands/server_context.h"
#include "server/commands/session.h"
#include "server/store/shard_locks.h"
#include "server/store/store.h"

namespace duet::commands {

// The keys of a command, or of several, hashed.
using Keys = absl::InlinedVector<store::Key, 64>;

// `command` is null for an unknown one.
struct Call {
  ServerContext& server;
  Session& session;
  Argv argv;
  ReplyWriter& reply;
  const Command* command;
  std::span<const store::Key> keys;
  int64_t now_ms;
  AccessClock& access;  // of all commands of the batch

  // The same call, whose reply goes elsewhere.
  Call With(ReplyWriter& other) const {
    return {server, session, argv, other, command, keys, now_ms, access};
  }
};

// What a step says of its command.
enum class Step : uint8_t {
  kGoOn,
  kAnswered,  // it has its reply: refused, or queued
  kWait,      // it was not executed: session.wait says until when
};

// Appends the keys of a command in argument order. REQUIRES: `argv` has as many words as the row
// asks for.
void AppendKeys(const store::Store& store, const CommandSpec& spec, Argv argv, Keys& keys);

// Writes the error that refuses the command, and counts it. Returns false.
bool Refuse(Call& call, const Error& error);
// Locks the shards of the call's keys, or all where its row says so.
void LockKeys(const Call& call, store::ShardLocks& locks);
// Adds what the data has grown by to the counters of the call's worker (memory_bound.h).
// REQUIRES: the locks are released.
void CountGrowth(const Call& call, store::ShardLocks& released);
// Calls the handler, and returns memory that is to be freed after the locks are released.
// REQUIRES: `locks` holds the shards of the call's keys.
[[nodiscard]] std::shared_ptr<void> RunHandler(Call& call, store::ShardLocks& locks);
// Counts an executed command, and shows it to those who want to know of it (CommandTrace). `ticks`
// is the time that the last command ended, and becomes the time that this one did.
void Record(const Call& call, uint64_t errors_before, uint64_t& ticks);

}  // namespace duet::commands
