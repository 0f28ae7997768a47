#include "server/metrics/histogram.h"

#include <cmath>

#include "server/base/check.h"

namespace duet::metrics {
namespace {

constexpr double kCommandBounds[] = {250e-9, 500e-9, 1e-6, 2e-6, 5e-6, 10e-6, 20e-6, 50e-6,  100e-6,
                                     200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 50e-3, 100e-3, 1};
// From 5 ms up: the bounds that go-grpc-prometheus has, which dashboards may name.
constexpr double kRpcBounds[] = {25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3,
                                 25e-3, 50e-3, 100e-3, 250e-3, 500e-3, 1,    2.5,    5,    10};

}  // namespace

std::span<const double> CommandBounds() { return kCommandBounds; }
std::span<const double> RpcBounds() { return kRpcBounds; }

uint64_t CountUpTo(const LatencyCounts& counts, double ticks) {
  // Bucket 0 holds the samples of 0 ticks, bucket i those in [2^(i-1), 2^i); the last one has no
  // end, so no bound counts it.
  uint64_t count = counts[0];
  double low = 1;
  for (size_t i = 1; i + 1 < counts.size(); ++i, low *= 2) {
    if (ticks < low) break;
    if (ticks < low * 2) {
      const double share = (ticks - low) / low;
      return count + static_cast<uint64_t>(std::floor(static_cast<double>(counts[i]) * share));
    }
    count += counts[i];
  }
  return count;
}

prometheus::ClientMetric::Histogram MakeHistogram(const LatencyCounts& counts, uint64_t sum_ticks,
                                                  double ticks_per_us,
                                                  std::span<const double> bounds) {
  DUET_CHECK(ticks_per_us > 0, "the tick rate must be known");
  prometheus::ClientMetric::Histogram histogram;
  for (const uint64_t count : counts) histogram.sample_count += count;
  histogram.sample_sum = static_cast<double>(sum_ticks) / ticks_per_us / 1e6;
  histogram.bucket.reserve(bounds.size());
  for (const double bound : bounds) {
    histogram.bucket.push_back({CountUpTo(counts, bound * 1e6 * ticks_per_us), bound});
  }
  return histogram;
}

}  // namespace duet::metrics
