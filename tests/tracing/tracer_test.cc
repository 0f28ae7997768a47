#include "server/tracing/tracer.h"

#include <cmath>
#include <gtest/gtest.h>
#include <set>
#include <string>

namespace duet::tracing {
namespace {

constexpr TracerSeeds kSeeds = {.decision = 1, .trace = 2, .span = 3};
constexpr uint64_t kRandomPart = (uint64_t{1} << 56) - 1;

TraceContext Parent(uint8_t flags) {
  return {.trace_id = {1, 2}, .span_id = 3, .flags = flags, .state = "vendor=1"};
}

TEST(TracerTest, IsOffUntilItIsOpened) {
  Tracer tracer(kSeeds);
  tracer.set_ratio(1);
  EXPECT_FALSE(tracer.on());
  EXPECT_FALSE(tracer.samples_roots());
  tracer.Open(10);
  EXPECT_TRUE(tracer.on());
  EXPECT_TRUE(tracer.samples_roots());
}

TEST(TracerTest, SamplesNoRootUnlessItIsTold) {
  Tracer tracer(kSeeds);
  tracer.Open(10);
  EXPECT_FALSE(tracer.samples_roots());
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(tracer.BeginRoot());
}

TEST(TracerTest, ARootHasIdsOfItsOwn) {
  Tracer tracer(kSeeds);
  tracer.Open(10);
  tracer.set_ratio(1);
  std::set<std::string> traces;
  std::set<SpanId> spans;
  for (int i = 0; i < 1000; ++i) {
    const auto span = tracer.BeginRoot();
    ASSERT_TRUE(span);
    EXPECT_EQ(span->parent_id, 0u);
    EXPECT_NE(span->span_id, 0u);
    EXPECT_EQ(span->flags, kSampledFlag | kRandomFlag);
    traces.insert(ToHex(span->trace_id));
    spans.insert(span->span_id);
  }
  EXPECT_EQ(traces.size(), 1000u);
  EXPECT_EQ(spans.size(), 1000u);
}

// The share is right, and the id tells why.
TEST(TracerTest, SamplesRootsByTheirTraceId) {
  for (const double ratio : {0.5, 0.1, 0.001}) {
    Tracer tracer(kSeeds);
    tracer.Open(10);
    tracer.set_ratio(ratio);
    const auto threshold =
        static_cast<uint64_t>((1 - ratio) * static_cast<double>(kRandomPart + 1));
    constexpr int kRoots = 200'000;
    int sampled = 0;
    for (int i = 0; i < kRoots; ++i) {
      const auto span = tracer.BeginRoot();
      if (!span) continue;
      ++sampled;
      EXPECT_GE(span->trace_id.low & kRandomPart, threshold);
    }
    const double expected = ratio * kRoots;
    EXPECT_NEAR(sampled, expected, 6 * std::sqrt(expected) + 1) << ratio;
  }
}

TEST(TracerTest, AChildIsOfItsParentAndSampledAsThat) {
  Tracer tracer(kSeeds);
  tracer.Open(10);
  const auto span = tracer.BeginChild(Parent(kSampledFlag));
  ASSERT_TRUE(span);
  EXPECT_EQ(span->trace_id, (TraceId{1, 2}));
  EXPECT_EQ(span->parent_id, 3u);
  EXPECT_NE(span->span_id, 3u);
  EXPECT_EQ(span->flags, kSampledFlag);
  EXPECT_EQ(span->trace_state, "vendor=1");
  tracer.set_ratio(1);
  EXPECT_FALSE(tracer.BeginChild(Parent(0)));
  EXPECT_FALSE(tracer.BeginChild(Parent(kRandomFlag)));
}

}  // namespace
}  // namespace duet::tracing
