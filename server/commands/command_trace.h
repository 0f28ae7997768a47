// What is noted of commands that have run: for MONITOR, SLOWLOG and LATENCY, and as spans.
//
// The dispatcher asks with one compare a command (Wants). Only a command that took as long as one
// of the thresholds, or any while somebody monitors or spans are sampled, is looked at closer
// (Note).
//
// Monitors see the commands in the order in which they ended on each worker; commands that ended on
// two workers at the same moment may come in either order, whatever their keys are.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "server/api/error.h"
#include "server/commands/latency_events.h"
#include "server/commands/monitor_place.h"
#include "server/commands/slow_log.h"
#include "server/pubsub/mailbox.h"
#include "server/tracing/trace_context.h"

namespace duet::commands {

struct Call;

class CommandTrace {
 public:
  bool Wants(uint64_t ticks) const {
    return ticks >= note_from_ticks_.load(std::memory_order_relaxed);
  }
  // A command that has run and took so long. REQUIRES: call.command is not null.
  void Note(const Call& call, uint64_t ticks, bool failed);
  // A command that was not run.
  void NoteRefused(const Call& call, const Error& error);
  // Something else that took long (expire-cycle); kept if it reaches the threshold of LATENCY.
  void NoteEvent(std::string_view event, int64_t duration_ms, int64_t now_ms);

  // slowlog-log-slower-than, in microseconds; negative: nothing is logged.
  void set_slower_than_us(int64_t us);
  int64_t slower_than_us() const { return slower_than_us_.load(std::memory_order_relaxed); }
  // latency-monitor-threshold; 0: no event is kept.
  void set_latency_threshold_ms(int64_t ms);
  int64_t latency_threshold_ms() const {
    return latency_threshold_ms_.load(std::memory_order_relaxed);
  }

  // Whether spans of RESP commands are sampled (command_span.h).
  void set_samples(bool samples) ABSL_LOCKS_EXCLUDED(mutex_);

  // Sends every command to `mailbox` from now on. The id is the session's.
  [[nodiscard]] MonitorPlace Monitor(uint64_t id, std::shared_ptr<pubsub::Mailbox> mailbox)
      ABSL_LOCKS_EXCLUDED(mutex_);

  SlowLog& slow_log() { return slow_log_; }
  LatencyEvents& latency() { return latency_; }

 private:
  friend class MonitorPlace;
  void EndMonitor(uint64_t id) ABSL_LOCKS_EXCLUDED(mutex_);
  void SendToMonitors(const Call& call) ABSL_LOCKS_EXCLUDED(mutex_);
  void NoteSlow(const Call& call, int64_t us, const std::optional<tracing::TraceId>& trace);
  void UpdateThreshold() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  static constexpr uint64_t kNever = UINT64_MAX;

  std::atomic<uint64_t> note_from_ticks_{kNever};  // the lowest of all that follow
  std::atomic<bool> samples_{false};
  std::atomic<bool> monitored_{false};  // monitors_ has some
  std::atomic<uint64_t> slow_from_ticks_{kNever};
  std::atomic<uint64_t> latency_from_ticks_{kNever};
  std::atomic<int64_t> slower_than_us_{-1};
  std::atomic<int64_t> latency_threshold_ms_{0};

  absl::Mutex mutex_;
  std::map<uint64_t, std::shared_ptr<pubsub::Mailbox>> monitors_ ABSL_GUARDED_BY(mutex_);
  SlowLog slow_log_;
  LatencyEvents latency_;
};

}  // namespace duet::commands
