#include "server/commands/expire_options.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "server/store/entry.h"

namespace duet::commands {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(ParseExpireTimeTest, CountsUnitsFromTheBase) {
  EXPECT_EQ(ParseExpireTime("10", 1000, 5, "expire").value(), 10'005);
  EXPECT_EQ(ParseExpireTime("-10", 1, 5, "pexpire").value(), -5);
}

TEST(ParseExpireTimeTest, TheLastTimeAndTheOneBehindIt) {
  EXPECT_EQ(ParseExpireTime("9223372036854775807", 1, 0, "pexpireat").value(), kMax);
  EXPECT_EQ(ParseExpireTime("9223372036854775806", 1, 1, "pexpire").value(), kMax);
  EXPECT_EQ(ParseExpireTime("9223372036854775807", 1, 1, "pexpire").error().text,
            "ERR invalid expire time in 'pexpire' command");
  EXPECT_EQ(ParseExpireTime("9223372036854775", 1000, 807, "expire").value(), kMax);
  EXPECT_EQ(ParseExpireTime("9223372036854775", 1000, 808, "expire").error().text,
            "ERR invalid expire time in 'expire' command");
  EXPECT_EQ(ParseExpireTime("9223372036854776", 1000, 0, "expireat").error().code,
            InvalidExpireTime("expireat").code);
}

TEST(ExpireConditionTest, NoConditionAlwaysAllows) {
  EXPECT_TRUE(ExpireCondition{}.Allows(store::kNoExpiry, 5));
  EXPECT_TRUE(ExpireCondition{}.Allows(9, 5));
}

TEST(ExpireConditionTest, NoExpiryCountsAsNever) {
  EXPECT_FALSE(ExpireCondition{.gt = true}.Allows(store::kNoExpiry, kMax));
  EXPECT_TRUE(ExpireCondition{.lt = true}.Allows(store::kNoExpiry, kMax));
}

TEST(ExpireConditionTest, EqualTimesAreNeitherGreaterNorLess) {
  EXPECT_FALSE(ExpireCondition{.gt = true}.Allows(5, 5));
  EXPECT_FALSE(ExpireCondition{.lt = true}.Allows(5, 5));
  EXPECT_TRUE(ExpireCondition{.gt = true}.Allows(5, 6));
  EXPECT_TRUE(ExpireCondition{.lt = true}.Allows(5, 4));
}

}  // namespace
}  // namespace duet::commands
