#include "server/base/numbers.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <string>

namespace duet {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

TEST(ParseInt64, TakesCanonicalDecimals) {
  EXPECT_EQ(ParseInt64("0"), 0);
  EXPECT_EQ(ParseInt64("-1"), -1);
  EXPECT_EQ(ParseInt64("1234567890"), 1234567890);
  EXPECT_EQ(ParseInt64("9223372036854775807"), kMax);
  EXPECT_EQ(ParseInt64("-9223372036854775808"), kMin);
}

TEST(ParseInt64, RefusesEverythingElse) {
  using namespace std::string_literals;  // NOLINT
  for (const std::string& text : {""s,
                                  "-"s,
                                  "+1"s,
                                  "-0"s,
                                  "00"s,
                                  "01"s,
                                  "-01"s,
                                  " 1"s,
                                  "1 "s,
                                  "1\n"s,
                                  "1\0"s,
                                  "0x1"s,
                                  "1.0"s,
                                  "1e3"s,
                                  "--1"s,
                                  "9223372036854775808"s,
                                  "-9223372036854775809"s,
                                  "18446744073709551616"s,
                                  "99999999999999999999999"s,
                                  "/"s,
                                  ":"s}) {
    EXPECT_EQ(ParseInt64(text), std::nullopt) << text;
  }
}

TEST(ParseUint64, Edges) {
  EXPECT_EQ(ParseUint64("18446744073709551615"), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(ParseUint64("18446744073709551616"), std::nullopt);
  EXPECT_EQ(ParseUint64("20000000000000000000"), std::nullopt);
  EXPECT_EQ(ParseUint64("99999999999999999999"), std::nullopt);
  EXPECT_EQ(ParseUint64("-1"), std::nullopt);
  EXPECT_EQ(ParseUint64("0"), 0u);
  EXPECT_EQ(ParseUint64(""), std::nullopt);
}

TEST(FormatInt64, RoundTrip) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const int64_t value = static_cast<int64_t>(random()) >> (i % 64);
    char digits[20];
    const std::string_view text(digits, FormatInt64(value, digits));
    ASSERT_EQ(text, std::to_string(value));
    ASSERT_EQ(ParseInt64(text), value);
  }
  char digits[20];
  EXPECT_EQ(FormatInt64(kMin, digits), 20u);
}

TEST(ParseDouble, AsRedis) {
  EXPECT_EQ(ParseDouble("1.5"), 1.5);
  EXPECT_EQ(ParseDouble("-.5e1"), -5.0);
  EXPECT_EQ(ParseDouble("+3"), 3.0);
  EXPECT_EQ(ParseDouble("0x10"), 16.0);
  EXPECT_EQ(ParseDouble("inf"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(ParseDouble("-Infinity"), -std::numeric_limits<double>::infinity());
  for (const char* text : {"", " 1", "1 ", "nan", "-nan", "1x", "1e400", "1e-400", ".", "e1"}) {
    EXPECT_EQ(ParseDouble(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseDouble(std::string_view("1\0", 2)), std::nullopt);
  EXPECT_TRUE(ParseDouble("1" + std::string(300, '0')).has_value());
  EXPECT_FALSE(ParseDouble("0." + std::string(6000, '0')).has_value());
}

TEST(ParseLongDouble, AsRedis) {
  EXPECT_EQ(ParseLongDouble("3.0e3"), 3000.0L);
  EXPECT_EQ(ParseLongDouble("nan"), std::nullopt);
  EXPECT_EQ(ParseLongDouble(" 1"), std::nullopt);
  EXPECT_EQ(ParseLongDouble("1e5000"), std::nullopt);
}

TEST(FormatLongDouble, DropsTrailingZeros) {
  EXPECT_EQ(FormatLongDouble(3000.0L), "3000");
  EXPECT_EQ(FormatLongDouble(10.5L), "10.5");
  EXPECT_EQ(FormatLongDouble(-0.0L), "0");
  EXPECT_EQ(FormatLongDouble(0.1L), "0.1");
  EXPECT_EQ(FormatLongDouble(1.0e-17L), "0.00000000000000001");
  EXPECT_EQ(FormatLongDouble(std::numeric_limits<long double>::infinity()), "inf");
}

TEST(FormatDouble, LayoutOfRedis) {
  const struct {
    double value;
    const char* text;
  } cases[] = {{0, "0"},
               {-0.0, "-0"},
               {3, "3"},
               {-3.5, "-3.5"},
               {0.1, "0.1"},
               {1e8, "100000000"},
               {4503599627370496.0, "4503599627370496"},
               {1e21, "1e+21"},
               {1.5e300, "1.5e+300"},
               {1e-5, "0.00001"},
               {1e-7, "1e-7"},
               {1.25e-10, "1.25e-10"},
               {123456.789, "123456.789"},
               {0.0012345, "0.0012345"},
               {0.00012345, "1.2345e-4"}};
  for (const auto& c : cases) EXPECT_EQ(FormatDouble(c.value), c.text);
  EXPECT_EQ(FormatDouble(std::nan("")), "nan");
}

TEST(FormatDouble, ReadsBackAsTheSame) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 10'000; ++i) {
    const uint64_t bits = random();
    double value;
    static_assert(sizeof(value) == sizeof(bits));
    __builtin_memcpy(&value, &bits, sizeof(value));
    if (!std::isnormal(value)) continue;
    ASSERT_EQ(ParseDouble(FormatDouble(value)), value) << FormatDouble(value);
  }
}

TEST(Checked, Overflow) {
  EXPECT_EQ(CheckedAdd(kMax, 0), kMax);
  EXPECT_EQ(CheckedAdd(kMax, 1), std::nullopt);
  EXPECT_EQ(CheckedAdd(kMin, -1), std::nullopt);
  EXPECT_EQ(CheckedMultiply(kMax, 1), kMax);
  EXPECT_EQ(CheckedMultiply(kMax, 2), std::nullopt);
  EXPECT_EQ(CheckedMultiply(kMin, -1), std::nullopt);
}

TEST(Case, AsciiOnly) {
  EXPECT_TRUE(EqualsIgnoreCase("GeT", "gEt"));
  EXPECT_FALSE(EqualsIgnoreCase("get", "gets"));
  EXPECT_FALSE(EqualsIgnoreCase("@", "`"));
  EXPECT_EQ(ToLower("Ab\xC4Z"), "ab\xC4z");
}

}  // namespace
}  // namespace duet
