// Sums over workers, and sums since a reset.
#include <gtest/gtest.h>

#include "server/metrics/worker_counters.h"

namespace duet::metrics {
namespace {

TEST(RegistryTest, SumsOverWorkersAndSinceTheLastReset) {
  Registry registry(2);
  const auto hits = [](const Counters& all) -> const Counter& { return all.keyspace_hits; };
  const auto calls = [](const Counters& all) -> const Counter& { return all.commands[3].calls; };
  const auto fast = [](const Counters& all) -> const Counter& { return all.latency[3][5]; };
  const auto error = [](const Counters& all) -> const Counter& { return all.errors[1]; };
  const auto count = [&registry] {
    registry.worker(0).keyspace_hits.Add(2);
    registry.worker(1).keyspace_hits.Add(3);
    registry.worker(1).RecordCommand(3, 20, true);
    registry.worker(1).errors[1].Add();
  };
  count();
  EXPECT_EQ(registry.SumSinceReset(hits), 5u);
  registry.Reset();
  EXPECT_EQ(registry.SumSinceReset(hits), 0u);
  EXPECT_EQ(registry.SumSinceReset(calls), 0u);
  EXPECT_EQ(registry.SumSinceReset(fast), 0u);
  EXPECT_EQ(registry.SumSinceReset(error), 0u);
  EXPECT_EQ(registry.Sum(hits), 5u);
  count();
  EXPECT_EQ(registry.SumSinceReset(hits), 5u);
  EXPECT_EQ(registry.SumSinceReset(calls), 1u);
  EXPECT_EQ(registry.SumSinceReset(fast), 1u);
  EXPECT_EQ(registry.SumSinceReset(error), 1u);
  EXPECT_EQ(registry.Sum(calls), 2u);
}

}  // namespace
}  // namespace duet::metrics
