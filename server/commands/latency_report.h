// LATENCY DOCTOR: what the recorded events say, for people.
//
// Thread-safe: a function of its arguments only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/commands/latency_events.h"

namespace duet::commands {

struct LatencyThresholds {
  int64_t latency_ms = 0;       // latency-monitor-threshold; 0: off
  int64_t slower_than_us = -1;  // slowlog-log-slower-than; negative: off
};

std::string LatencyReport(const std::vector<LatencySeries>& all,
                          const LatencyThresholds& thresholds, int64_t now_s);

}  // namespace duet::commands
