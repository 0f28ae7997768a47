// What others send to one client: messages that wait until its connection writes them between two
// replies. Publishers, invalidations of tracked keys and MONITOR put messages in; the connection
// takes them out.
//
// Bounded as Redis' client-output-buffer-limit: more than `hard_bytes`, or more than `soft_bytes`
// for longer than `soft_ms`, and the client is closed and counted. What the connection has taken
// and the socket has not counts too. Nothing is ever left out of what a client listens to.
//
// Thread class: thread-safe; Take(), TakeAll(), DropFromChannels() and NoteUnsent() belong to the
// connection.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "server/base/limits.h"
#include "server/runtime/doorbell.h"

namespace duet::pubsub {

// One message as RESP3 bytes, shared by all that get it. A push begins with '>', and the connection
// of a RESP2 client writes '*' in its place.
using Message = std::shared_ptr<const std::string>;

// Does it come from a channel or pattern (message, pmessage, smessage)? RESP2 clients get no
// others.
bool IsFromChannel(std::string_view push);

using MailboxLimits = OutputLimit;

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
  // The oldest messages, in the order in which they came: so many that `max_bytes` are reached.
  std::vector<Message> Take(size_t max_bytes) ABSL_LOCKS_EXCLUDED(mutex_);
  std::vector<Message> TakeAll() { return Take(std::numeric_limits<size_t>::max()); }
  // Drops what waits here and comes from a channel or pattern: for a client that must not hear of
  // them any more.
  void DropFromChannels() ABSL_LOCKS_EXCLUDED(mutex_);
  // So many bytes of mail and replies wait for the socket by now.
  void NoteUnsent(uint64_t bytes) { unsent_.store(bytes, std::memory_order_relaxed); }

  // Looks at the limits though nothing is sent: a client that has stopped reading is over the soft
  // one for too long without a further message.
  void Enforce(const MailboxLimits& limits, int64_t now_ms) ABSL_LOCKS_EXCLUDED(mutex_);

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
  // Of `bytes` that wait here and for the socket.
  bool OverLimit(uint64_t bytes, const MailboxLimits& limits, int64_t now_ms)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t unsent() const { return unsent_.load(std::memory_order_relaxed); }
  void CloseLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CountLocked(uint64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<runtime::Doorbell> bell_;
  absl::Mutex mutex_;
  std::vector<Message> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t taken_ ABSL_GUARDED_BY(mutex_) = 0;           // the first of waiting_ that were taken
  int64_t soft_since_ms_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: below the soft limit
  std::atomic<uint64_t> bytes_{0};                     // written under mutex_
  std::atomic<uint64_t> messages_{0};                  // written under mutex_
  std::atomic<uint64_t> unsent_{0};                    // written by the connection
  std::atomic<bool> pending_{false};
  std::atomic<bool> closed_{false};
  std::atomic<bool> overflowed_{false};
};

}  // namespace duet::pubsub
