// The commands that took long: SLOWLOG.
//
// Bounded: at most max_length entries of 32 words of 128 bytes each.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace duet::commands {

struct SlowLogEntry {
  uint64_t id = 0;  // grows from 0 as long as the process lives
  int64_t time_s = 0;
  int64_t duration_us = 0;
  std::vector<std::string> words;
  std::string peer_address;
  std::string client_name;
};

// A command's words as they are kept: the first 32 of at most 128 bytes each, and how much more
// there was, in Redis' words.
std::vector<std::string> TrimForSlowLog(std::span<const std::string_view> words);

class SlowLog {
 public:
  static constexpr size_t kDefaultLength = 128;

  // Gives the entry its id. The oldest one goes where there are too many.
  void Add(SlowLogEntry entry) ABSL_LOCKS_EXCLUDED(mutex_);
  // At most `count`, the newest first.
  std::vector<SlowLogEntry> Newest(size_t count) const ABSL_LOCKS_EXCLUDED(mutex_);
  size_t length() const ABSL_LOCKS_EXCLUDED(mutex_);
  // The id that the next entry gets: one more than the newest had.
  uint64_t next_id() const ABSL_LOCKS_EXCLUDED(mutex_);
  void Reset() ABSL_LOCKS_EXCLUDED(mutex_);
  // slowlog-max-len. The oldest ones beyond a lower bound go.
  void set_max_length(size_t max) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable absl::Mutex mutex_;
  std::deque<SlowLogEntry> entries_ ABSL_GUARDED_BY(mutex_);  // the newest in front
  size_t max_length_ ABSL_GUARDED_BY(mutex_) = kDefaultLength;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace duet::commands
