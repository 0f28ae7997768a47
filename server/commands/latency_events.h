// What took longer than latency-monitor-threshold, by the kind of event: LATENCY.
//
// Bounded: 160 seconds an event kind, and the kinds are those that the server names ("command",
// "fast-command", "expire-cycle").
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace duet::commands {

// The longest event of its kind in one second.
struct LatencySample {
  int64_t time_s = 0;
  int64_t latency_ms = 0;
};

struct LatencySeries {
  std::string event;
  std::deque<LatencySample> samples;  // never empty; the oldest first
  int64_t max_ms = 0;                 // of all since the last reset
};

class LatencyEvents {
 public:
  static constexpr size_t kMaxSamples = 160;

  void Add(std::string_view event, int64_t latency_ms, int64_t now_s) ABSL_LOCKS_EXCLUDED(mutex_);
  // Ordered by name.
  std::vector<LatencySeries> All() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<LatencySeries> Find(std::string_view event) const ABSL_LOCKS_EXCLUDED(mutex_);
  // Forgets the events of that name, in any case, or all. How many kinds there were.
  size_t Reset(std::string_view event) ABSL_LOCKS_EXCLUDED(mutex_);
  size_t ResetAll() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, LatencySeries, std::less<>> series_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace duet::commands
