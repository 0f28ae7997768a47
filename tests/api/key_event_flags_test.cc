#include "server/api/key_event_flags.h"

#include "gtest/gtest.h"

namespace duet {
namespace {

TEST(KeyEventFlags, EachLetterIsAnEvent) {
  EXPECT_EQ(ParseKeyEvents(""), 0u);
  EXPECT_EQ(ParseKeyEvents("g"), kGenericEvent);
  EXPECT_EQ(ParseKeyEvents("$x"), kStringEvent | kExpiredEvent);
  EXPECT_EQ(ParseKeyEvents("g$lshzxetd"), kAllEvents);
  EXPECT_EQ(ParseKeyEvents("AKEnm"),
            kAllEvents | kOnKeyspace | kOnKeyevent | kNewEvent | kMissEvent);
}

TEST(KeyEventFlags, OtherLettersAreNone) {
  for (const char* letters : {"k", "KEq", "K E", "a", "KE\n"}) {
    EXPECT_EQ(ParseKeyEvents(letters), std::nullopt) << letters;
  }
  EXPECT_EQ(ParseKeyEvents(std::string_view("K\0E", 3)), std::nullopt);
}

TEST(KeyEventFlags, ArePrintedInRedisOrder) {
  const auto printed = [](const char* letters) {
    return FormatKeyEvents(*ParseKeyEvents(letters));
  };
  EXPECT_EQ(printed(""), "");
  EXPECT_EQ(printed("EKxg"), "gxKE");
  EXPECT_EQ(printed("dtexzhsl$g"), "A");
  EXPECT_EQ(printed("mEKnA"), "AnKEm");
  EXPECT_EQ(printed("mnEKdtexzhsl$"), "$lshzxetdnKEm");
}

TEST(KeyEventFlags, RedisDoesNotPrintNewBehindAll) {
  EXPECT_EQ(FormatKeyEventsForRedis(*ParseKeyEvents("AnKE")), "AKE");
  EXPECT_EQ(FormatKeyEventsForRedis(*ParseKeyEvents("gnKE")), "gnKE");
}

}  // namespace
}  // namespace duet
