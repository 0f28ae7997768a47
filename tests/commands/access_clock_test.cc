// What the access bits say: the time of the last use, and the count of uses, with their wraps.
#include "server/commands/access_clock.h"

#include <gtest/gtest.h>

#include "server/base/random.h"

namespace duet::commands {
namespace {

constexpr int64_t kNowMs = 1'700'000'000'000;
constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kHourMs = 60 * kMinuteMs;

TEST(TimeOfUse, IsToldToTwoSeconds) {
  const uint16_t bits = BitsOfUse(kNowMs);
  EXPECT_EQ(IdleMs(bits, kNowMs), 0);
  EXPECT_EQ(IdleMs(bits, kNowMs + 1999), 0);
  EXPECT_EQ(IdleMs(bits, kNowMs + 2000), 2000);
  EXPECT_EQ(IdleMs(bits, kNowMs + 36 * kHourMs), 36 * kHourMs);
}

TEST(TimeOfUse, WrapsAroundAfter36Hours) {
  const uint16_t bits = BitsOfUse(kNowMs);
  EXPECT_EQ(IdleMs(bits, kNowMs + 65'536 * 2000 + 10'000), 10'000);
}

TEST(TimeOfUse, ByAClockThatIsAheadWasNow) {
  EXPECT_EQ(IdleMs(BitsOfUse(kNowMs), kNowMs - 1), 0);
  EXPECT_EQ(IdleMs(BitsOfUse(kNowMs), kNowMs - 30'000), 0);
}

TEST(TimeOfUse, CanBeGivenAsIdleTime) {
  EXPECT_EQ(IdleMs(BitsOfUse(kNowMs, 1'000'000), kNowMs), 1'000'000);
  EXPECT_EQ(IdleMs(BitsOfUse(kNowMs, 1000 * kHourMs), kNowMs), 0x7fff * 2000);
}

TEST(CountOfUses, FallsByOneAPeriod) {
  const uint16_t bits = BitsOfCount(100, kNowMs);
  EXPECT_EQ(CountOfUses(bits, kNowMs, 1), 100);
  EXPECT_EQ(CountOfUses(bits, kNowMs + 10 * kMinuteMs, 1), 90);
  EXPECT_EQ(CountOfUses(bits, kNowMs + 10 * kMinuteMs, 3), 97);
  EXPECT_EQ(CountOfUses(bits, kNowMs + 200 * kMinuteMs, 1), 0);
  EXPECT_EQ(CountOfUses(bits, kNowMs + 200 * kMinuteMs, 0), 100);
  EXPECT_EQ(CountOfUses(bits, kNowMs - kMinuteMs, 1), 100);  // by a clock that is ahead
}

TEST(CountOfUses, FirstUsesAllCount) {
  uint16_t bits = BitsOfCount(0, kNowMs);
  for (int use = 1; use <= kFreshCount; ++use) {
    bits = CountUse(bits, kNowMs, 1, 10, Mix(static_cast<uint64_t>(use)));
    EXPECT_EQ(CountOfUses(bits, kNowMs, 1), use);
  }
}

// The table of redis.conf: about 10 after 100 uses, 18 after 1,000 and 142 after 100,000, with the
// factor of 10; the last one give or take what chance does in so many uses.
TEST(CountOfUses, GrowsLogarithmically) {
  uint64_t random = 1;
  uint16_t bits = BitsOfCount(kFreshCount, kNowMs);
  const auto after = [&](int uses) {
    for (int i = 0; i < uses; ++i) bits = CountUse(bits, kNowMs, 1, 10, random = Mix(random));
    return static_cast<int>(CountOfUses(bits, kNowMs, 1));
  };
  EXPECT_NEAR(after(100), 10, 3);
  EXPECT_NEAR(after(900), 18, 5);
  EXPECT_NEAR(after(99'000), 142, 25);
  EXPECT_EQ(after(2'000'000), 255);
}

TEST(CountOfUses, WithoutAFactorEveryUseCounts) {
  uint16_t bits = BitsOfCount(kFreshCount, kNowMs);
  for (uint64_t use = 0; use < 300; ++use) bits = CountUse(bits, kNowMs, 1, 0, Mix(use));
  EXPECT_EQ(CountOfUses(bits, kNowMs, 1), 255);
}

TEST(AccessClock, SetsTheTimeOrCounts) {
  SharedMemoryLimits limits;
  limits.Set({.policy = MemoryPolicy::kAllKeysLru});
  AccessClock times(limits, kNowMs, 1);
  EXPECT_EQ(times.fresh, BitsOfUse(kNowMs));
  EXPECT_EQ(times.AfterUse(BitsOfUse(kNowMs - 5000)), BitsOfUse(kNowMs));

  limits.Set({.policy = MemoryPolicy::kVolatileLfu});
  AccessClock counts(limits, kNowMs, 1);
  EXPECT_EQ(counts.fresh, BitsOfCount(kFreshCount, kNowMs));
  EXPECT_EQ(counts.AfterUse(BitsOfCount(3, kNowMs)), BitsOfCount(4, kNowMs));
}

}  // namespace
}  // namespace duet::commands
