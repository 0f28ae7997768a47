// The only way to the data: everything that cuts across commands happens here, once.
//
// The steps of a command, in order (each a function of that name in dispatcher.cc):
//   Lookup        the row of args[0] (and the subcommand's)   -> ERR unknown command
//   CheckArity    against the row                              -> ERR wrong number of arguments
//   Authenticate  NOAUTH unless the row allows it
//   CheckDoor     connection-only commands in a unary call     -> kNotInThisDoor
//   CheckLimits   key and value sizes
//   TakeFurtherSteps  what a mode of the session or of the server asks for (SessionMode,
//                 ServerMode)
//   LockKeys      the shards of the row's keys, ascending
//   Run           the handler writes its reply under the locks
//   Record        calls, failures and time into the worker's counters
//
// A session that has said CLIENT REPLY OFF or SKIP gets no reply from any of them.
//
// Thread-safe: any worker may call it, each with its own Session and ReplyWriter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "server/api/argv.h"
#include "server/api/reply_writer.h"
#include "server/commands/server_context.h"
#include "server/commands/session.h"

namespace duet::commands {

class CommandTable;

enum class BatchState : uint8_t {
  kDone,        // every command of the batch was executed
  kOutputFull,  // stopped after a command because `full` said so
  kClose,       // stopped after a command that ends the connection (QUIT)
  kWait,        // stopped because session.wait says so; Resume() is next
};

struct BatchResult {
  size_t executed = 0;
  BatchState state = BatchState::kDone;
};

class Dispatcher {
 public:
  // `server` outlives the dispatcher.
  explicit Dispatcher(ServerContext& server);

  // Executes one command and writes its one reply (none for an empty argv, or to a session that
  // wants none).
  void Execute(Session& session, Argv argv, ReplyWriter& reply);

  // Executes the commands of `batch` from `begin` on, in order, after prefetching their keys'
  // buckets. `full` is asked after each command; true stops the batch there (back-pressure).
  // It is a plain function pointer with a context, since it is asked once a command.
  using FullCheck = bool (*)(void* context);
  BatchResult ExecuteBatch(Session& session, const CommandBatch& batch, size_t begin,
                           ReplyWriter& reply, FullCheck full, void* context);

  // For a session that waits: called when it was woken and when its time has come. True: the wait
  // is over, its reply (if one was owed) is written, and the next command may be executed.
  bool Resume(Session& session, ReplyWriter& reply);

  // Hints for a command that comes in a moment, while others are executed: asks the cache for the
  // bucket of `key`, and later, given what that returned, for the entry. The key is looked for in
  // database 0.
  uint64_t PrefetchBucket(std::string_view key) const;
  void PrefetchEntry(uint64_t hash) const;

  const CommandTable& table() const { return table_; }
  ServerContext& server() { return server_; }

 private:
  // All of ExecuteBatch but what is done at its end.
  BatchResult ExecuteWindows(Session& session, const CommandBatch& batch, size_t begin,
                             ReplyWriter& reply, FullCheck full, void* context);

  ServerContext& server_;
  const CommandTable& table_;
};

}  // namespace duet::commands
