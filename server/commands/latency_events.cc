#include "server/commands/latency_events.h"

#include <algorithm>

#include "server/base/numbers.h"

namespace duet::commands {

void LatencyEvents::Add(std::string_view event, int64_t latency_ms, int64_t now_s) {
  absl::MutexLock lock(&mutex_);
  LatencySeries& series = series_[std::string(event)];
  series.event = event;
  series.max_ms = std::max(series.max_ms, latency_ms);
  if (!series.samples.empty() && series.samples.back().time_s == now_s) {
    LatencySample& last = series.samples.back();
    last.latency_ms = std::max(last.latency_ms, latency_ms);
    return;
  }
  series.samples.push_back({.time_s = now_s, .latency_ms = latency_ms});
  if (series.samples.size() > kMaxSamples) series.samples.pop_front();
}

std::vector<LatencySeries> LatencyEvents::All() const {
  absl::MutexLock lock(&mutex_);
  std::vector<LatencySeries> all;
  for (const auto& [event, series] : series_) all.push_back(series);
  return all;
}

std::optional<LatencySeries> LatencyEvents::Find(std::string_view event) const {
  absl::MutexLock lock(&mutex_);
  const auto found = series_.find(event);
  if (found == series_.end()) return std::nullopt;
  return found->second;
}

size_t LatencyEvents::Reset(std::string_view event) {
  absl::MutexLock lock(&mutex_);
  return std::erase_if(series_,
                       [event](const auto& entry) { return EqualsIgnoreCase(entry.first, event); });
}

size_t LatencyEvents::ResetAll() {
  absl::MutexLock lock(&mutex_);
  const size_t kinds = series_.size();
  series_.clear();
  return kinds;
}

}  // namespace duet::commands
