// Spans that have ended, on their way to the exporter. Bounded: nobody waits for a place, what
// finds none is dropped and counted.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "server/tracing/span.h"

namespace duet::tracing {

class SpanQueue {
 public:
  // Takes spans from now on, `capacity` at the most.
  void Open(size_t capacity) ABSL_LOCKS_EXCLUDED(mutex_);
  // Takes no more. Those that wait stay.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);
  bool open() const { return open_.load(std::memory_order_relaxed); }

  void Push(Span span) ABSL_LOCKS_EXCLUDED(mutex_);

  // The oldest spans, `most` at the most: waits until there are so many, at the longest for
  // `patience`, and not at all once the queue is closed. Empty: there are none.
  std::vector<Span> TakeBlocking(size_t most, absl::Duration patience) ABSL_LOCKS_EXCLUDED(mutex_);

  // Spans that found no place, and those that DropAll took.
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  void DropAll() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  std::atomic<bool> open_{false};
  std::atomic<uint64_t> dropped_{0};
  mutable absl::Mutex mutex_;
  size_t capacity_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Span> spans_ ABSL_GUARDED_BY(mutex_);  // the oldest first
};

}  // namespace duet::tracing
