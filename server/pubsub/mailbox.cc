#include "server/pubsub/mailbox.h"

#include <algorithm>
#include <iterator>

namespace duet::pubsub {

bool IsFromChannel(std::string_view push) {
  constexpr std::string_view kKind = "message\r\n";
  constexpr size_t kKindBegin = 8;  // behind ">3\r\n$7\r\n"; p and s stand before it
  return push.substr(std::min(kKindBegin, push.size()), kKind.size() + 1).find(kKind) != push.npos;
}

bool Mailbox::Send(Message message, const MailboxLimits& limits, int64_t now_ms) {
  {
    absl::MutexLock lock(&mutex_);
    if (closed()) return false;
    // Whoever has nothing to read begins anew, however long ago it was above the soft limit.
    if (bytes() + unsent() == 0) soft_since_ms_ = 0;
    const uint64_t bytes = this->bytes() + message->size();
    if (OverLimit(bytes + unsent(), limits, now_ms)) {
      overflowed_.store(true, std::memory_order_release);
      CloseLocked();
    } else {
      waiting_.push_back(std::move(message));
      CountLocked(bytes);
    }
  }
  Wake();
  return !closed();
}

std::vector<Message> Mailbox::Take(size_t max_bytes) {
  absl::MutexLock lock(&mutex_);
  uint64_t bytes = 0;
  size_t end = taken_;
  while (end < waiting_.size() && bytes < max_bytes) bytes += waiting_[end++]->size();
  std::vector<Message> messages;
  if (taken_ == 0 && end == waiting_.size()) {
    messages.swap(waiting_);
  } else {
    const auto begin = waiting_.begin();
    messages.assign(std::make_move_iterator(begin + static_cast<ptrdiff_t>(taken_)),
                    std::make_move_iterator(begin + static_cast<ptrdiff_t>(end)));
    taken_ = end;
    // Moved to the front only when at least as many were taken: once a message on average.
    if (taken_ >= waiting_.size() - taken_) {
      waiting_.erase(begin, begin + static_cast<ptrdiff_t>(taken_));
      taken_ = 0;
    }
  }
  CountLocked(this->bytes() - bytes);
  return messages;
}

void Mailbox::DropFromChannels() {
  absl::MutexLock lock(&mutex_);
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<ptrdiff_t>(taken_));
  taken_ = 0;
  std::erase_if(waiting_, [](const Message& message) { return IsFromChannel(*message); });
  uint64_t bytes = 0;
  for (const Message& message : waiting_) bytes += message->size();
  CountLocked(bytes);
}

void Mailbox::Enforce(const MailboxLimits& limits, int64_t now_ms) {
  {
    absl::MutexLock lock(&mutex_);
    if (closed() || !OverLimit(bytes() + unsent(), limits, now_ms)) return;
    overflowed_.store(true, std::memory_order_release);
    CloseLocked();
  }
  Wake();
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

void Mailbox::CountLocked(uint64_t bytes) {
  bytes_.store(bytes, std::memory_order_relaxed);
  messages_.store(waiting_.size() - taken_, std::memory_order_relaxed);
  pending_.store(closed() || waiting_.size() > taken_, std::memory_order_relaxed);
}

void Mailbox::CloseLocked() {
  closed_.store(true, std::memory_order_release);
  waiting_.clear();
  taken_ = 0;
  CountLocked(0);
}

}  // namespace duet::pubsub
