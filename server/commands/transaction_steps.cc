#include "server/commands/transaction_steps.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"

#include "server/base/check.h"
#include "server/commands/command_spec.h"
#include "server/commands/further_steps.h"
#include "server/commands/refuse_protected.h"
#include "server/commands/transaction.h"

namespace duet::commands {
namespace {

// Keys whose memory is asked for before they are locked; more would push each other out of the
// cache.
constexpr size_t kMaxPrefetch = 128;

bool IsExec(const Command& command) { return command.full_name == "exec"; }

// The keys of all queued commands.
class QueuedKeys {
 public:
  QueuedKeys(const store::Store& store, const CommandQueue& queue) {
    ends_.reserve(queue.size());
    for (size_t i = 0; i < queue.size(); ++i) {
      AppendKeys(store, *queue.command(i).spec, queue.argv(i), keys_);
      ends_.push_back(keys_.size());
    }
  }
  std::span<const store::Key> all() const { return keys_; }
  std::span<const store::Key> of(size_t command) const {
    const size_t begin = command == 0 ? 0 : ends_[command - 1];
    return all().subspan(begin, ends_[command] - begin);
  }

 private:
  Keys keys_;
  std::vector<size_t> ends_;
};

void Prefetch(const store::Store& store, int database, std::span<const store::Key> keys) {
  const auto first = keys.first(std::min(keys.size(), kMaxPrefetch));
  for (const store::Key& key : first) store.PrefetchBucket(database, key.hash);
  for (const store::Key& key : first) store.PrefetchEntry(database, key.hash);
}

// Handlers of rows without keys that read or write look for keys in any shard.
bool WalksStore(const CommandSpec& spec) {
  return (spec.flags & kAllShards) != 0 ||
         (spec.keys.first == 0 && (spec.flags & (kReadOnly | kWrite)) != 0);
}

void LockAtOnce(const Transaction& transaction, const QueuedKeys& queued,
                store::ShardLocks& locks) {
  for (size_t i = 0; i < transaction.queue.size(); ++i) {
    if (WalksStore(*transaction.queue.command(i).spec)) return locks.LockAll();
  }
  Keys keys(queued.all().begin(), queued.all().end());
  transaction.watched.AppendTo(keys);
  locks.Lock(keys);
}

// What the commands leave behind, to be freed after the locks are released.
using Garbage = std::vector<std::shared_ptr<void>>;

Garbage ExecuteQueued(const Call& exec, const CommandQueue& queue, const QueuedKeys& keys,
                      store::ShardLocks& locks, uint64_t& ticks) {
  Garbage garbage;
  exec.reply.Array(queue.size());
  for (size_t i = 0; i < queue.size(); ++i) {
    Call call{.server = exec.server,
              .session = exec.session,
              .argv = queue.argv(i),
              .reply = exec.reply,
              .command = &queue.command(i),
              .keys = keys.of(i),
              .now_ms = exec.now_ms,
              .access = exec.access};
    const uint64_t errors_before = exec.reply.errors();
    garbage.push_back(RunInMode(call, locks));
    DUET_CHECK(!exec.session.waits, "a handler lets its client wait inside of EXEC");
    Record(call, errors_before, ticks);
  }
  return garbage;
}

// True: the commands were executed.
bool ExecuteUnlessChanged(const Call& exec, Transaction& transaction, uint64_t& ticks) {
  const QueuedKeys keys(*exec.server.store, transaction.queue);
  Prefetch(*exec.server.store, exec.session.database, keys.all());
  Garbage garbage;
  store::ShardLocks locks(*exec.server.store);
  LockAtOnce(transaction, keys, locks);
  const bool changed = transaction.watched.Changed(locks, exec.now_ms);
  transaction.watched.Clear(locks);
  if (changed) {
    exec.reply.NullArray();
  } else {
    garbage = ExecuteQueued(exec, transaction.queue, keys, locks, ticks);
  }
  locks.Unlock();
  CountGrowth(exec, locks);
  return !changed;
}

// A channel that EXEC both joined and left may have brought messages, which can only come behind
// EXEC's reply. A RESP2 client that listens to nothing then would take them for replies.
void DropLateMail(const Session& session) {
  if (session.protocol >= 3 || session.has(kSubscribed)) return;
  if (session.mailbox != nullptr && session.mailbox->pending()) session.mailbox->DropFromChannels();
}

}  // namespace

Step QueueCommand(Call& call) {
  const uint32_t flags = call.command->spec->flags;
  if ((flags & kNoMulti) != 0) {
    Refuse(call, MakeError(ErrorCode::kGeneric, "ERR Command not allowed inside a transaction"));
    return Step::kAnswered;
  }
  if ((flags & kProtected) != 0) {
    if (const auto error = RefuseProtected(*call.command->spec, call.server, call.session)) {
      Refuse(call, *error);
      return Step::kAnswered;
    }
  }
  if ((flags & kNotQueued) != 0) return Step::kGoOn;
  Transaction& transaction = *call.session.transaction;
  const uint64_t bytes = CommandQueue::BytesOf(call.argv);
  if (const auto error = CheckSize(transaction, bytes, *call.server.limits)) {
    Refuse(call, *error);
    return Step::kAnswered;
  }
  if (!transaction.spoiled) transaction.queue.Push(*call.command, call.argv);
  ShowTransaction(call.session);
  ++call.session.commands_processed;
  call.reply.SimpleString("QUEUED");
  return Step::kAnswered;
}

bool EndsTransaction(const Call& call) {
  return call.session.has(kInTransaction) && IsExec(*call.command);
}

void ExecuteTransaction(Call& exec, uint64_t& ticks) {
  Transaction& transaction = *exec.session.transaction;
  const uint64_t began = ticks;
  uint64_t errors_before = exec.reply.errors();
  if (transaction.spoiled) {
    exec.reply.Error(MakeError(ErrorCode::kAborted,
                               "EXECABORT Transaction discarded because of previous errors."));
  } else if (ExecuteUnlessChanged(exec, transaction, ticks)) {
    errors_before = exec.reply.errors();  // those of the commands are not EXEC's
  }
  EndTransaction(exec.session);
  DropLateMail(exec.session);
  ticks = began;  // EXEC takes as long as all of its commands
  Record(exec, errors_before, ticks);
}

Error RefuseInTransaction(const Call& call, const Error& error) {
  Session& session = call.session;
  if (call.command == nullptr || !IsExec(*call.command)) {
    if (session.has(kInTransaction)) SpoilTransaction(session);
    return error;
  }
  if (session.transaction != nullptr) EndTransaction(session);
  std::string_view reason = error.text;
  if (reason.starts_with("ERR ")) reason.remove_prefix(4);
  return MakeError(ErrorCode::kAborted, absl::StrCat("EXECABORT Transaction discarded because of: ",
                                                     std::string(reason)));
}

uint32_t EffectiveFlags(const Call& call) {
  const uint32_t flags = call.command->spec->flags;
  return EndsTransaction(call) ? flags | call.session.transaction->queue.flags() : flags;
}

}  // namespace duet::commands
