// Latencies counted in powers of two of CPU ticks, as a Prometheus histogram over fixed bounds.
//
// The bounds must be the same on every machine and after every restart: `sum by (le)` over pods is
// wrong otherwise. The tick rate is not the same, so a bound lies inside a tick bucket, whose
// samples are shared out evenly below and above it. That is the assumption histogram_quantile makes
// as well, and the result still never decreases, neither with time nor with the bound.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "prometheus/client_metric.h"

#include "server/metrics/worker_counters.h"

namespace duet::metrics {

using LatencyCounts = std::array<uint64_t, kLatencyBuckets>;  // summed over workers

// Upper bounds in seconds, ascending.
std::span<const double> CommandBounds();  // 250 ns to 1 s
std::span<const double> RpcBounds();      // 25 us to 10 s

// How many samples took at most `ticks`, as well as the buckets tell.
uint64_t CountUpTo(const LatencyCounts& counts, double ticks);

// REQUIRES: ticks_per_us > 0.
prometheus::ClientMetric::Histogram MakeHistogram(const LatencyCounts& counts, uint64_t sum_ticks,
                                                  double ticks_per_us,
                                                  std::span<const double> bounds);

}  // namespace duet::metrics
