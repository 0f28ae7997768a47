// FLUSHALL ASYNC, FLUSHDB ASYNC: what they dropped is freed in the background, a little at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "server/base/clock.h"
#include "server/store/garbage.h"

namespace duet::commands {

// Thread-safe; one thread at a time calls FreeSome.
class LazyFree {
 public:
  void Add(std::unique_ptr<store::Garbage> garbage) ABSL_LOCKS_EXCLUDED(mutex_);
  // Frees for about half of the time since the last call, 0.1 to 1 ms: faster than the same worker
  // fills memory meanwhile. False: nothing is left.
  bool FreeSome(const Clock& clock) ABSL_LOCKS_EXCLUDED(mutex_);

  // Keys that wait to be freed (those of a database that is being freed count until its end), and
  // keys that were.
  uint64_t pending() const ABSL_LOCKS_EXCLUDED(mutex_);
  uint64_t freed() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Counts freed() from 0 again.
  void ResetFreed() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  bool FreeStep() ABSL_LOCKS_EXCLUDED(mutex_);

  mutable absl::Mutex mutex_;
  std::deque<std::unique_ptr<store::Garbage>> queue_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<store::Garbage> current_;  // FreeSome's, as the next
  int64_t freed_ns_ = 0;
  uint64_t current_keys_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t pending_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t freed_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace duet::commands
