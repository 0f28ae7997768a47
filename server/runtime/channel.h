// A bounded queue between coroutines: many senders, many receivers, first in first out.
//
// Close() ends it: senders get kClosed, receivers what is still queued and then kClosed.
//
// Thread class: thread-safe. Must outlive its waiters.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "server/base/result.h"
#include "server/runtime/wait_queue.h"

namespace duet::runtime {

enum class ChannelStatus {
  kOk,
  kClosed,
  kCancelled,   // the token was cancelled before there was room, or anything to receive
  kWouldBlock,  // TrySend: full; TryReceive: empty
};

template <typename T>
class Channel {
 public:
  // REQUIRES: capacity >= 1.
  explicit Channel(size_t capacity) : capacity_(capacity) {}

  class [[nodiscard]] SendAwaiter final : public WaitAwaiter<SendAwaiter> {
   public:
    SendAwaiter(Channel* channel, T value, CancelToken token)
        : WaitAwaiter<SendAwaiter>(&channel->mutex_, &channel->senders_, std::move(token)),
          channel_(channel),
          value_(std::move(value)) {}
    ChannelStatus await_resume() {
      this->EndWait();
      return StatusOf(this->outcome());
    }

   private:
    friend class Channel;
    friend class WaitAwaiter<SendAwaiter>;
    bool TryLocked() {
      channel_->mutex_.AssertHeld();
      const ChannelStatus status = channel_->TrySendLocked(value_);
      if (status == ChannelStatus::kWouldBlock) return false;
      WaitQueue::Settle(
          this, status == ChannelStatus::kOk ? WaitOutcome::kGranted : WaitOutcome::kClosed);
      return true;
    }

    Channel* const channel_;
    T value_;
  };

  class [[nodiscard]] ReceiveAwaiter final : public WaitAwaiter<ReceiveAwaiter> {
   public:
    ReceiveAwaiter(Channel* channel, CancelToken token)
        : WaitAwaiter<ReceiveAwaiter>(&channel->mutex_, &channel->receivers_, std::move(token)),
          channel_(channel) {}
    Result<T, ChannelStatus> await_resume() {
      this->EndWait();
      if (value_.has_value()) return std::move(*value_);
      return StatusOf(this->outcome());
    }

   private:
    friend class Channel;
    friend class WaitAwaiter<ReceiveAwaiter>;
    bool TryLocked() {
      channel_->mutex_.AssertHeld();
      value_ = channel_->TakeLocked();
      if (value_.has_value()) {
        WaitQueue::Settle(this, WaitOutcome::kGranted);
      } else if (channel_->closed_) {
        WaitQueue::Settle(this, WaitOutcome::kClosed);
      } else {
        return false;
      }
      return true;
    }

    Channel* const channel_;
    std::optional<T> value_;
  };

  // co_await: waits for room. kOk, kClosed or kCancelled; unless kOk the value is dropped. Resumes
  // on the worker that awaits.
  SendAwaiter Send(T value, CancelToken token = {}) {
    return SendAwaiter(this, std::move(value), std::move(token));
  }
  // co_await: waits for a value. kClosed once it is closed and empty, or kCancelled. Resumes on the
  // worker that awaits.
  ReceiveAwaiter Receive(CancelToken token = {}) { return ReceiveAwaiter(this, std::move(token)); }

  // Never wait. `value` is moved from only if kOk. Any thread may call them.
  [[nodiscard]] ChannelStatus TrySend(T& value) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return TrySendLocked(value);
  }
  [[nodiscard]] ChannelStatus TrySend(T&& value) { return TrySend(value); }
  Result<T, ChannelStatus> TryReceive() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    std::optional<T> value = TakeLocked();
    if (value.has_value()) return std::move(*value);
    return closed_ ? ChannelStatus::kClosed : ChannelStatus::kWouldBlock;
  }

  void Close() ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    senders_.FinishAll(WaitOutcome::kClosed);
    receivers_.FinishAll(WaitOutcome::kClosed);
  }
  size_t size() const ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    return queue_.size();
  }

 private:
  static ChannelStatus StatusOf(WaitOutcome outcome) {
    if (outcome == WaitOutcome::kGranted) return ChannelStatus::kOk;
    return outcome == WaitOutcome::kClosed ? ChannelStatus::kClosed : ChannelStatus::kCancelled;
  }

  ChannelStatus TrySendLocked(T& value) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (closed_) return ChannelStatus::kClosed;
    if (!receivers_.empty()) {  // then the queue is empty
      auto* first = static_cast<ReceiveAwaiter*>(receivers_.front());
      first->value_.emplace(std::move(value));
      receivers_.Finish(first, WaitOutcome::kGranted);
      return ChannelStatus::kOk;
    }
    if (queue_.size() >= capacity_) return ChannelStatus::kWouldBlock;
    queue_.push_back(std::move(value));
    return ChannelStatus::kOk;
  }

  // The oldest value; the oldest waiting sender takes its place.
  std::optional<T> TakeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (queue_.empty()) return std::nullopt;
    std::optional<T> value(std::move(queue_.front()));
    queue_.pop_front();
    if (!senders_.empty()) {
      auto* first = static_cast<SendAwaiter*>(senders_.front());
      queue_.push_back(std::move(first->value_));
      senders_.Finish(first, WaitOutcome::kGranted);
    }
    return value;
  }

  const size_t capacity_;
  mutable absl::Mutex mutex_;  // held for a few instructions only
  std::deque<T> queue_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  // Guarded by mutex_ (passed by address, which the analysis cannot follow).
  WaitQueue senders_;
  WaitQueue receivers_;
};

}  // namespace duet::runtime
