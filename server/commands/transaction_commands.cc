// MULTI, EXEC, DISCARD, WATCH, UNWATCH. What happens between MULTI and EXEC: transaction.h.
#include <cstdint>
#include <span>

#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/transaction.h"

namespace duet::commands {
namespace {

void Multi(CommandContext& ctx) {
  if (ctx.session.has(kInTransaction)) {
    return ctx.reply.Error(MakeError(ErrorCode::kGeneric, "ERR MULTI calls can not be nested"));
  }
  TransactionOf(ctx.session, *ctx.server.store);
  ctx.session.set(kInTransaction, true);
  ShowTransaction(ctx.session);
  ctx.reply.Ok();
}

// The one that ends a transaction is a step of the dispatcher (transaction_steps.h).
void Exec(CommandContext& ctx) {
  ctx.reply.Error(MakeError(ErrorCode::kGeneric, "ERR EXEC without MULTI"));
}

void Discard(CommandContext& ctx) {
  if (!ctx.session.has(kInTransaction)) {
    return ctx.reply.Error(MakeError(ErrorCode::kGeneric, "ERR DISCARD without MULTI"));
  }
  EndTransaction(ctx.session);
  ctx.reply.Ok();
}

void Watch(CommandContext& ctx) {
  if (ctx.session.has(kInTransaction)) {
    return ctx.reply.Error(MakeError(ErrorCode::kGeneric, "ERR WATCH inside MULTI is not allowed"));
  }
  Transaction& transaction = TransactionOf(ctx.session, *ctx.server.store);
  uint64_t bytes = 0;
  for (const store::Key& key : ctx.keys) bytes += WatchedKeys::BytesOf(key.bytes);
  if (const auto error = CheckSize(transaction, bytes, *ctx.server.limits)) {
    return ctx.reply.Error(*error);
  }
  for (const store::Key& key : ctx.keys) transaction.watched.Add(ctx.db, key);
  ShowTransaction(ctx.session);
  ctx.reply.Ok();
}

// Inside of EXEC nothing is watched any more.
void Unwatch(CommandContext& ctx) {
  if (ctx.session.transaction != nullptr) ctx.session.transaction->watched.Clear();
  ShowTransaction(ctx.session);
  ctx.reply.Ok();
}

constexpr uint32_t kOfTransactions =
    kNoScript | kLoading | kStale | kFast | kAllowBusy | kConnectionOnly;

constexpr CommandSpec kRows[] = {
    {.name = "multi",
     .arity = 1,
     .flags = kOfTransactions | kNotQueued,
     .acl = kAclTransaction,
     .group = "transactions",
     .since = "1.2.0",
     .summary = "Begins a transaction: the commands that follow are queued.",
     .complexity = "O(1)",
     .handler = Multi},
    {.name = "exec",
     .arity = 1,
     .flags = kNoScript | kLoading | kStale | kSkipSlowlog | kConnectionOnly | kNotQueued,
     .acl = kAclTransaction,
     .group = "transactions",
     .since = "1.2.0",
     .summary = "Executes the commands of the transaction, all at once.",
     .complexity = "Depends on commands in the transaction",
     .handler = Exec},
    {.name = "discard",
     .arity = 1,
     .flags = kOfTransactions | kNotQueued,
     .acl = kAclTransaction,
     .group = "transactions",
     .since = "2.0.0",
     .summary = "Ends a transaction without executing its commands.",
     .complexity = "O(N), when N is the number of queued commands",
     .handler = Discard},
    {.name = "watch",
     .arity = -2,
     .flags = kOfTransactions | kNotQueued,
     .keys = {.first = 1, .last = -1, .step = 1, .access = kKeyRO},
     .acl = kAclTransaction,
     .group = "transactions",
     .since = "2.2.0",
     .summary = "Lets the next EXEC execute nothing if one of the keys changes before.",
     .complexity = "O(1) for every key.",
     .syntax = "key [key ...]",
     .handler = Watch},
    {.name = "unwatch",
     .arity = 1,
     .flags = kOfTransactions,
     .acl = kAclTransaction,
     .group = "transactions",
     .since = "2.2.0",
     .summary = "Watches no key any more.",
     .complexity = "O(1)",
     .handler = Unwatch},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> TransactionCommands() { return kRows; }

}  // namespace duet::commands
