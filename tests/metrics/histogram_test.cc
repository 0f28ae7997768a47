#include "server/metrics/histogram.h"

#include <thread>

#include "gtest/gtest.h"

namespace duet::metrics {
namespace {

TEST(Histogram, CountsWholeBucketsBelowABound) {
  LatencyCounts counts{};
  counts[0] = 1;  // 0 ticks
  counts[1] = 2;  // 1 tick
  counts[2] = 4;  // 2..3 ticks
  EXPECT_EQ(CountUpTo(counts, 0), 1u);
  EXPECT_EQ(CountUpTo(counts, 2), 3u);
  EXPECT_EQ(CountUpTo(counts, 4), 7u);
}

TEST(Histogram, SharesOutTheBucketThatABoundCuts) {
  LatencyCounts counts{};
  counts[11] = 100;  // 1024..2047 ticks
  EXPECT_EQ(CountUpTo(counts, 1024), 0u);
  EXPECT_EQ(CountUpTo(counts, 1536), 50u);
  EXPECT_EQ(CountUpTo(counts, 2048), 100u);
}

TEST(Histogram, TheLastBucketIsCountedByNoBound) {
  LatencyCounts counts{};
  counts[kLatencyBuckets - 1] = 5;
  EXPECT_EQ(CountUpTo(counts, 1e30), 0u);
  EXPECT_EQ(MakeHistogram(counts, 5, 1, CommandBounds()).sample_count, 5u);
}

TEST(Histogram, NeverDecreasesWithTheBound) {
  LatencyCounts counts{};
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = (i * 7919) % 13;
  for (const double ticks_per_us : {0.5, 24.0, 1000.0, 2399.97}) {
    for (const auto bounds : {CommandBounds(), RpcBounds()}) {
      const auto histogram = MakeHistogram(counts, 1, ticks_per_us, bounds);
      uint64_t last = 0;
      for (const auto& bucket : histogram.bucket) {
        EXPECT_GE(bucket.cumulative_count, last);
        last = bucket.cumulative_count;
      }
      EXPECT_LE(last, histogram.sample_count);
    }
  }
}

TEST(Histogram, NeverDecreasesWithTime) {
  LatencyCounts counts{};
  uint64_t last = 0;
  for (int i = 0; i < 1000; ++i) {
    ++counts[static_cast<size_t>(i) % kLatencyBuckets];
    const uint64_t now = CountUpTo(counts, 1'234'567);
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST(Histogram, SumIsInSeconds) {
  LatencyCounts counts{};
  counts[5] = 2;
  EXPECT_DOUBLE_EQ(MakeHistogram(counts, 3'000'000, 1000, CommandBounds()).sample_sum, 0.003);
}

TEST(Registry, SumsOverWorkersWhileTheyCount) {
  Registry registry(2);
  std::thread first([&] {
    for (int i = 0; i < 10'000; ++i) registry.worker(0).batches.Add();
  });
  std::thread second([&] {
    for (int i = 0; i < 10'000; ++i) registry.worker(1).batches.Add(2);
  });
  const auto batches = [](const WorkerCounters& worker) -> const Counter& {
    return worker.batches;
  };
  EXPECT_LE(registry.Sum(batches), 30'000u);
  first.join();
  second.join();
  EXPECT_EQ(registry.Sum(batches), 30'000u);
}

TEST(WorkerCounters, PutsTicksIntoPowersOfTwo) {
  EXPECT_EQ(WorkerCounters::LatencyBucket(0), 0u);
  EXPECT_EQ(WorkerCounters::LatencyBucket(1), 1u);
  EXPECT_EQ(WorkerCounters::LatencyBucket(1023), 10u);
  EXPECT_EQ(WorkerCounters::LatencyBucket(1024), 11u);
  EXPECT_EQ(WorkerCounters::LatencyBucket(~0ull), kLatencyBuckets - 1);
}

}  // namespace
}  // namespace duet::metrics
