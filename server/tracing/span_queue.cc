#include "server/tracing/span_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace duet::tracing {

void SpanQueue::Open(size_t capacity) {
  absl::MutexLock lock(&mutex_);
  capacity_ = capacity;
  open_.store(true, std::memory_order_relaxed);
}

void SpanQueue::Close() {
  absl::MutexLock lock(&mutex_);
  open_.store(false, std::memory_order_relaxed);
}

void SpanQueue::Push(Span span) {
  absl::MutexLock lock(&mutex_);
  if (!open() || spans_.size() >= capacity_) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
  } else {
    spans_.push_back(std::move(span));
  }
}

std::vector<Span> SpanQueue::TakeBlocking(size_t most, absl::Duration patience) {
  const auto enough = [this, most]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return spans_.size() >= most || !open();
  };
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&enough), patience);
  const auto end = spans_.begin() + static_cast<ptrdiff_t>(std::min(most, spans_.size()));
  std::vector<Span> taken(std::make_move_iterator(spans_.begin()), std::make_move_iterator(end));
  spans_.erase(spans_.begin(), end);
  return taken;
}

void SpanQueue::DropAll() {
  absl::MutexLock lock(&mutex_);
  dropped_.fetch_add(spans_.size(), std::memory_order_relaxed);
  spans_.clear();
}

}  // namespace duet::tracing
