#include "server/tracing/backoff.h"

#include <gtest/gtest.h>

namespace duet::tracing {
namespace {

constexpr double kNoChance = 0;

TEST(BackoffTest, DoublesUpToItsLongestWait) {
  Backoff backoff({.first = absl::Seconds(1), .longest = absl::Seconds(5), .attempts = 6});
  for (const int seconds : {1, 2, 4, 5, 5}) {
    EXPECT_EQ(backoff.Next(std::nullopt, kNoChance), absl::Seconds(seconds));
  }
  EXPECT_EQ(backoff.Next(std::nullopt, kNoChance), std::nullopt);
}

TEST(BackoffTest, ChanceTakesUpToHalfAway) {
  Backoff backoff({.first = absl::Seconds(8), .longest = absl::Seconds(8), .attempts = 9});
  EXPECT_EQ(backoff.Next(std::nullopt, 1.0), absl::Seconds(4));
  EXPECT_EQ(backoff.Next(std::nullopt, 0.5), absl::Seconds(6));
}

TEST(BackoffTest, WaitsAsLongAsItIsAskedTo) {
  Backoff backoff({.first = absl::Seconds(1), .longest = absl::Seconds(30), .attempts = 9});
  EXPECT_EQ(backoff.Next(absl::Milliseconds(1500), 1.0), absl::Milliseconds(1500));
  EXPECT_EQ(backoff.Next(absl::ZeroDuration(), kNoChance), absl::ZeroDuration());
  EXPECT_EQ(backoff.Next(absl::Hours(1), kNoChance), absl::Seconds(30));
  EXPECT_EQ(backoff.Next(absl::Seconds(-5), kNoChance), absl::ZeroDuration());
  EXPECT_EQ(backoff.Next(std::nullopt, kNoChance), absl::Seconds(16));
}

TEST(BackoffTest, OneAttemptIsOne) {
  Backoff backoff({.attempts = 1});
  EXPECT_EQ(backoff.Next(absl::ZeroDuration(), kNoChance), std::nullopt);
}

}  // namespace
}  // namespace duet::tracing
