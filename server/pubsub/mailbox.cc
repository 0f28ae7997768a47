#include "server/pubsub/mailbox.h"

#include <algorithm>

namespace duet::pubsub {

bool Mailbox::Send(Message message, const MailboxLimits& limits, int64_t now_ms) {
  {
    absl::MutexLock lock(&mutex_);
    if (closed()) return false;
    const uint64_t bytes = this->bytes() + message->size();
    if (OverLimit(bytes, limits, now_ms)) {
      overflowed_.store(true, std::memory_order_release);
      CloseLocked();
    } else {
      bytes_.store(bytes, std::memory_order_relaxed);
      waiting_.push_back(std::move(message));
      messages_.store(waiting_.size(), std::memory_order_relaxed);
      pending_.store(true, std::memory_order_relaxed);
    }
  }
  Wake();
  return !closed();
}

std::vector<Message> Mailbox::TakeAll() {
  absl::MutexLock lock(&mutex_);
  bytes_.store(0, std::memory_order_relaxed);
  messages_.store(0, std::memory_order_relaxed);
  soft_since_ms_ = 0;
  pending_.store(closed(), std::memory_order_relaxed);
  return std::exchange(waiting_, {});
}

void Mailbox::Close() {
  {
    absl::MutexLock lock(&mutex_);
    if (closed()) return;
    CloseLocked();
  }
  Wake();
}

bool Mailbox::OverLimit(uint64_t bytes, const MailboxLimits& limits, int64_t now_ms) {
  if (limits.hard_bytes != 0 && bytes > limits.hard_bytes) return true;
  if (limits.soft_bytes == 0 || bytes <= limits.soft_bytes) {
    soft_since_ms_ = 0;
    return false;
  }
  // 0 stands for "below", and time may begin there in a test.
  if (soft_since_ms_ == 0) soft_since_ms_ = std::max<int64_t>(now_ms, 1);
  return now_ms - soft_since_ms_ > limits.soft_ms;
}

void Mailbox::CloseLocked() {
  closed_.store(true, std::memory_order_release);
  pending_.store(true, std::memory_order_relaxed);
  waiting_.clear();
  bytes_.store(0, std::memory_order_relaxed);
  messages_.store(0, std::memory_order_relaxed);
}

}  // namespace duet::pubsub
