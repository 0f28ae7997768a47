// What others send to one client: messages that wait until its connection writes them between two
// replies. Publishers, invalidations of tracked keys and MONITOR put messages in; the connection
// takes them out.
//
// Bounded as Redis' client-output-buffer-limit: more than `hard_bytes`, or more than `soft_bytes`
// for longer than `soft_ms`, and the client is closed and counted. Nothing is ever left out.
//
// Thread class: thread-safe; TakeAll() belongs to the connection.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "server/runtime/doorbell.h"

namespace duet::pubsub {

// One message as RESP3 bytes, shared by all that get it. A push begins with '>', and the connection
// of a RESP2 client writes '*' in its place.
using Message = std::shared_ptr<const std::string>;

struct MailboxLimits {
  uint64_t hard_bytes = 32ull << 20;  // 0: no limit
  uint64_t soft_bytes = 8ull << 20;   // 0: no limit
  int64_t soft_ms = 60'000;
};

class Mailbox {
 public:
  // `bell` wakes the connection; null where there is none (tests that take the mail themselves).
  explicit Mailbox(std::shared_ptr<runtime::Doorbell> bell) : bell_(std::move(bell)) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Leaves a message and wakes the connection. False: the box is closed, or this message was too
  // much and has closed it.
  bool Send(Message message, const MailboxLimits& limits, int64_t now_ms)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // All that has come, in the order in which it came.
  std::vector<Message> TakeAll() ABSL_LOCKS_EXCLUDED(mutex_);

  // Asks the connection to close (CLIENT KILL); what is in the box is dropped.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);
  // Wakes the connection, to look at something other than the mail (CLIENT UNBLOCK).
  void Wake() {
    if (bell_ != nullptr) bell_->Ring();
  }

  // A hint without a lock: there is mail, or the box is closed.
  bool pending() const { return pending_.load(std::memory_order_relaxed); }
  bool closed() const { return closed_.load(std::memory_order_acquire); }
  // Closed because a limit was passed.
  bool overflowed() const { return overflowed_.load(std::memory_order_acquire); }
  // What waits here.
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  uint64_t messages() const { return messages_.load(std::memory_order_relaxed); }

 private:
  bool OverLimit(uint64_t bytes, const MailboxLimits& limits, int64_t now_ms)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CloseLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<runtime::Doorbell> bell_;
  absl::Mutex mutex_;
  std::vector<Message> waiting_ ABSL_GUARDED_BY(mutex_);
  int64_t soft_since_ms_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: below the soft limit
  std::atomic<uint64_t> bytes_{0};                     // written under mutex_
  std::atomic<uint64_t> messages_{0};
  std::atomic<bool> pending_{false};
  std::atomic<bool> closed_{false};
  std::atomic<bool> overflowed_{false};
};

}  // namespace duet::pubsub
