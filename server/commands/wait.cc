#include "server/commands/wait.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/metrics/worker_counters.h"

namespace duet::commands {
namespace {

// The time until which to wait, from a timeout in milliseconds; 0 is for ever.
Expected<int64_t> ParseWaitEnd(std::string_view text, int64_t now_ms) {
  const std::optional<int64_t> timeout_ms = ParseInt64(text);
  if (!timeout_ms) {
    return MakeError(ErrorCode::kOutOfRange, "ERR timeout is not an integer or out of range");
  }
  if (*timeout_ms < 0) return MakeError(ErrorCode::kOutOfRange, "ERR timeout is negative");
  if (*timeout_ms == 0) return Wait::kNoEnd;
  const std::optional<int64_t> end_ms = CheckedAdd(*timeout_ms, now_ms);
  if (!end_ms) return MakeError(ErrorCode::kOutOfRange, "ERR timeout is out of range");
  return *end_ms;
}

// Only a connection can wait, and not inside of EXEC.
bool CanWait(const Session& session) {
  return session.is_connection() && !session.has(kInTransaction);
}

// WAIT numreplicas timeout
void WaitForReplicas(CommandContext& ctx) {
  const std::optional<int64_t> replicas = ParseInt64(ctx.args[1]);
  if (!replicas) return ctx.reply.Error(NotAnInteger());
  const Expected<int64_t> end_ms = ParseWaitEnd(ctx.args[2], ctx.now_ms);
  if (!end_ms) return ctx.reply.Error(end_ms.error());
  if (*replicas <= 0 || !CanWait(ctx.session)) return ReplyToWait(Wait::For::kReplicas, ctx.reply);
  ctx.session.StartWait({.what = Wait::For::kReplicas, .until_ms = *end_ms});
}

// The first argument of WAITAOF.
Expected<int64_t> ParseLocalLogs(std::string_view text) {
  const std::optional<int64_t> local = ParseInt64(text);
  if (!local) return NotAnInteger();
  if (*local < 0 || *local > 1) {
    return MakeError(ErrorCode::kOutOfRange,
                     "ERR value is out of range, value must between 0 and 1");
  }
  return *local;
}

// WAITAOF numlocal numreplicas timeout
void WaitForLogs(CommandContext& ctx) {
  const Expected<int64_t> local = ParseLocalLogs(ctx.args[1]);
  if (!local) return ctx.reply.Error(local.error());
  const std::optional<int64_t> replicas = ParseInt64(ctx.args[2]);
  if (!replicas || *replicas < 0) {
    return ctx.reply.Error(
        MakeError(ErrorCode::kOutOfRange, "ERR value is out of range, must be positive"));
  }
  const Expected<int64_t> end_ms = ParseWaitEnd(ctx.args[3], ctx.now_ms);
  if (!end_ms) return ctx.reply.Error(end_ms.error());
  if (*local > 0) {
    return ctx.reply.Error(
        MakeError(ErrorCode::kConflict,
                  "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."));
  }
  if (*replicas == 0 || !CanWait(ctx.session)) {
    return ReplyToWait(Wait::For::kReplicasLogs, ctx.reply);
  }
  ctx.session.StartWait({.what = Wait::For::kReplicasLogs, .until_ms = *end_ms});
}

constexpr std::string_view kOfEveryNode = "request_policy:all_shards response_policy:agg_min";

constexpr CommandSpec kRows[] = {
    {.name = "wait",
     .arity = 3,
     .flags = kBlocking,
     .acl = kAclConnection,
     .group = "generic",
     .since = "3.0.0",
     .summary = "Waits until replicas have the writes of the connection; returns how many have.",
     .complexity = "O(1)",
     .syntax = "numreplicas timeout",
     .handler = WaitForReplicas,
     .tips = kOfEveryNode},
    {.name = "waitaof",
     .arity = 4,
     .flags = kBlocking,
     .acl = kAclConnection,
     .group = "generic",
     .since = "7.2.0",
     .summary = "Waits until logs on disk have the writes of the connection.",
     .complexity = "O(1)",
     .syntax = "numlocal numreplicas timeout",
     .handler = WaitForLogs,
     .tips = kOfEveryNode},
};
static_assert(RowsAreValid(kRows));

}  // namespace

void ReplyToWait(Wait::For what, ReplyWriter& reply) {
  if (what == Wait::For::kReplicas) return reply.Integer(0);
  reply.Array(2);
  reply.Integer(0);
  reply.Integer(0);
}

bool EndReplicaWait(Session& session, int64_t now_ms, ReplyWriter& reply) {
  if (session.unblock.load() == Unblock::kPossible && now_ms < session.wait->until_ms) return false;
  if (session.unblock.exchange(Unblock::kImpossible) == Unblock::kWithError) {
    reply.Error(MakeError(ErrorCode::kAborted, "UNBLOCKED client unblocked via CLIENT UNBLOCK"));
    session.counters->errors[static_cast<size_t>(ErrorWord::kUnblocked)].Add();
  } else {
    ReplyToWait(session.wait->what, reply);
  }
  return true;
}

std::span<const CommandSpec> WaitCommands() { return kRows; }

}  // namespace duet::commands
