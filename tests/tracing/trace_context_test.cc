#include "server/tracing/trace_context.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace duet::tracing {
namespace {

constexpr std::string_view kGood = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

std::string With(size_t at, std::string_view text) {
  return std::string(kGood).replace(at, text.size(), text);
}

TEST(TraceParentTest, ReadsItsFields) {
  const auto context = ParseTraceParent(kGood);
  ASSERT_TRUE(context);
  EXPECT_EQ(ToHex(context->trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(context->span_id, 0x00f067aa0ba902b7u);
  EXPECT_TRUE(context->sampled());
  EXPECT_EQ(context->state, "");
}

TEST(TraceParentTest, KnowsTwoFlagsAndIgnoresOthers) {
  EXPECT_FALSE(ParseTraceParent(With(53, "00"))->sampled());
  EXPECT_EQ(ParseTraceParent(With(53, "03"))->flags, kSampledFlag | kRandomFlag);
  EXPECT_EQ(ParseTraceParent(With(53, "ff"))->flags, kSampledFlag | kRandomFlag);
  EXPECT_FALSE(ParseTraceParent(With(53, "fc"))->sampled());
}

TEST(TraceParentTest, ReadsWhatAllVersionsShare) {
  EXPECT_TRUE(ParseTraceParent(With(0, "cc")));
  EXPECT_TRUE(ParseTraceParent(With(0, "cc") + "-what-comes-next"));
  EXPECT_FALSE(ParseTraceParent(With(0, "cc") + "what-comes-next"));
}

TEST(TraceParentTest, RefusesWhatIsMalformed) {
  const std::vector<std::string> bad = {
      "",
      "00",
      std::string(kGood.substr(0, 54)),
      std::string(kGood) + "-",
      std::string(kGood) + "0",
      " " + std::string(kGood.substr(0, 54)),
      With(0, "ff"),
      With(0, "0x"),
      With(0, "0A"),
      With(2, "_"),
      With(35, "0"),
      With(52, " "),
      With(3, "G"),
      With(3, "4BF92F"),
      With(50, "B"),
      With(53, "0g"),
      With(53, "-1"),
      With(3, std::string(32, '0')),
      With(36, std::string(16, '0')),
      std::string(55, '\0'),
      std::string(55, '-'),
      std::string(10'000, '0'),
  };
  for (const std::string& header : bad) EXPECT_FALSE(ParseTraceParent(header)) << header;
}

// Each input in a heap block of its own size, so that a sanitizer sees every over-read.
TEST(TraceParentTest, ReadsNothingBehindItsEnd) {
  for (size_t size = 0; size <= kGood.size(); ++size) {
    const std::vector<char> exact(kGood.begin(), kGood.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_EQ(ParseTraceParent({exact.data(), exact.size()}).has_value(), size == kGood.size());
  }
}

std::string Joined(const std::vector<std::string_view>& headers) { return JoinTraceState(headers); }

TEST(TraceStateTest, JoinsHeadersInTheirOrder) {
  EXPECT_EQ(Joined({}), "");
  EXPECT_EQ(Joined({"congo=t61rcWkgMzE"}), "congo=t61rcWkgMzE");
  EXPECT_EQ(Joined({"a=1 , b=2", "t0@c=3"}), "a=1,b=2,t0@c=3");
  EXPECT_EQ(Joined({" \ta=1,, ,"}), "a=1");
  EXPECT_EQ(Joined({"a-_*/9=x y!~"}), "a-_*/9=x y!~");
}

TEST(TraceStateTest, IsDroppedAsAWholeWhereAMemberIsMalformed) {
  for (const std::string_view bad :
       {"a", "=1", "a=", "A=1", "9a=1", "a b=1", "a=b=c", "a=\x01", "a=\xC3\xA4", "@a=1", "a@=1",
        "a@9=1", "a@b@c=1", "t@fifteen-letters=1", "a =1"}) {
    EXPECT_EQ(Joined({"good=1", bad}), "") << bad;
  }
  EXPECT_EQ(Joined({"a=1", "b=2,a=3"}), "");  // twice
  EXPECT_EQ(Joined({"aa=1,a=2"}), "aa=1,a=2");
}

TEST(TraceStateTest, HasLimits) {
  std::string members;
  for (int i = 0; i < 32; ++i) members += "k" + std::to_string(i) + "=v,";
  EXPECT_NE(Joined({members}), "");
  EXPECT_EQ(Joined({members + "k32=v"}), "");
  const std::string half = "a=" + std::string(253, 'x') + ",b=" + std::string(254, 'x');
  EXPECT_EQ(half.size(), kMaxTraceStateBytes);
  EXPECT_EQ(Joined({half}), half);
  EXPECT_EQ(Joined({half + "x"}), "");
  EXPECT_EQ(Joined({"a=" + std::string(256, 'x')}).size(), 258u);
  EXPECT_EQ(Joined({"a=" + std::string(257, 'x')}), "");
  EXPECT_EQ(Joined({std::string(256, 'a') + "=1"}).size(), 258u);
  EXPECT_EQ(Joined({std::string(257, 'a') + "=1"}), "");
}

}  // namespace
}  // namespace duet::tracing
