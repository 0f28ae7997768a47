// The small ones: checks, results, clocks, hashes, checksums, random choices.
#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "server/base/check.h"
#include "server/base/clock.h"
#include "server/base/crc64.h"
#include "server/base/hash.h"
#include "server/base/random.h"
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

TEST(Crc64, IsThatOfRedis) {
  EXPECT_EQ(Crc64(""), 0u);
  EXPECT_EQ(Crc64("123456789"), 0xe9c6d914c4b8d9cau);
}

TEST(Crc64, GoesOnFromAnyPlace) {
  const std::string text = "The quick brown fox jumps over the lazy dog, again and again.";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(Crc64(text.substr(cut), Crc64(text.substr(0, cut))), Crc64(text)) << cut;
  }
}

TEST(Random, IsSpreadEvenly) {
  EXPECT_EQ(Below(~uint64_t{0}, 10), 9u);
  EXPECT_EQ(Below(0, 10), 0u);
  std::array<int, 8> counts{};
  for (uint64_t i = 0; i < 8000; ++i) ++counts[Below(Mix(i), counts.size())];
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

TEST(Hash, SeedsAreRandom) { EXPECT_NE(RandomSeed(), RandomSeed()); }

}  // namespace
}  // namespace duet
