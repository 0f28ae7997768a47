#include "server/commands/transaction.h"

#include <memory>

#include "absl/strings/str_cat.h"

namespace duet::commands {

Transaction& TransactionOf(Session& session, store::Store& store) {
  if (session.transaction == nullptr) session.transaction = std::make_unique<Transaction>(store);
  return *session.transaction;
}

void EndTransaction(Session& session) {
  session.set(kInTransaction, false);
  session.transaction.reset();
  ShowTransaction(session);
}

void SpoilTransaction(Session& session) {
  session.transaction->spoiled = true;
  session.transaction->queue.Clear();
  ShowTransaction(session);
}

void ShowTransaction(Session& session) {
  const Transaction* const transaction = session.transaction.get();
  const bool queues = session.has(kInTransaction);
  session.queued_commands = queues ? static_cast<int64_t>(transaction->queue.size()) : -1;
  session.queued_bytes = transaction == nullptr ? 0 : transaction->queue.bytes();
  session.watched_keys = transaction == nullptr ? 0 : transaction->watched.size();
}

std::optional<Error> CheckSize(const Transaction& transaction, uint64_t more_bytes,
                               const Limits& limits) {
  const uint64_t bytes = transaction.bytes() + more_bytes;
  if (bytes <= limits.max_request_bytes) return std::nullopt;
  return MakeError(ErrorCode::kLimit, absl::StrCat("ERR transaction is ", bytes, " bytes; at most ",
                                                   limits.max_request_bytes, " are allowed"));
}

}  // namespace duet::commands
