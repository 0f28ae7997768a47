// The small ones: checks, results, clocks, hashes.
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "server/base/check.h"
#include "server/base/clock.h"
#include "server/base/hash.h"
#include "server/base/result.h"

namespace duet {
namespace {

TEST(CheckDeathTest, NamesPlaceConditionAndMessage) {
  EXPECT_DEATH(DUET_CHECK(1 > 2, "the order of numbers"),
               "base_test.cc:[0-9]+: CHECK failed: 1 > 2: the order of numbers");
  DUET_CHECK(true, "never");
}

TEST(Result, HoldsOneOfBoth) {
  Result<std::unique_ptr<int>, std::string> good(std::make_unique<int>(7));
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(**good, 7);
  const std::unique_ptr<int> taken = std::move(good).value();
  EXPECT_EQ(*taken, 7);
  const Result<int, std::string> bad(std::string("no"));
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error(), "no");
}

TEST(Clock, ManualStandsStill) {
  ManualClock clock(5'000);
  EXPECT_EQ(clock.WallMs(), 5'000);
  const int64_t before_ns = clock.MonotonicNs();
  clock.AdvanceMs(250);
  EXPECT_EQ(clock.WallMs(), 5'250);
  EXPECT_EQ(clock.WallUs(), 5'250'000);
  EXPECT_EQ(clock.MonotonicNs() - before_ns, 250'000'000);
}

TEST(Clock, SystemGoesOn) {
  const SystemClock clock;
  EXPECT_GT(clock.WallMs(), 1'700'000'000'000);
  EXPECT_NEAR(static_cast<double>(clock.WallUs()) / 1e3, static_cast<double>(clock.WallMs()), 1e4);
  const int64_t first = clock.MonotonicNs();
  EXPECT_GE(clock.MonotonicNs(), first);
}

TEST(Clock, CyclesAreCalibrated) {
  EXPECT_GT(CycleClock::TicksPerUs(), 1.0);
  EXPECT_LT(CycleClock::TicksPerUs(), 100'000.0);
  const uint64_t first = CycleClock::Now();
  EXPECT_GE(CycleClock::Now(), first);
}

TEST(Hash, DependsOnBytesAndSeed) {
  EXPECT_EQ(HashBytes("key", 1), HashBytes("key", 1));
  EXPECT_NE(HashBytes("key", 1), HashBytes("key", 2));
  EXPECT_NE(HashBytes("key", 1), HashBytes("kez", 1));
  // XXH3_64bits of nothing and of "abc", from the reference implementation.
  EXPECT_EQ(HashBytes("", 0), 0x2d06800538d394c2u);
  EXPECT_EQ(HashBytes("abc", 0), 0x78af5f94892f3950u);
}

TEST(Hash, SeedsAreRandom) { EXPECT_NE(RandomSeed(), RandomSeed()); }

}  // namespace
}  // namespace duet
