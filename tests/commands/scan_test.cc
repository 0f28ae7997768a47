// What SCAN promises: a key that is there from the first call to the last is returned, whatever
// happens to the others in between.
#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

#include "server/commands/scan_options.h"
#include "tests/support/command_fixture.h"

namespace duet::commands {
namespace {

class ScanTest : public testing::CommandFixture {
 protected:
  void SetKey(const std::string& key) { engine().Send({"set", key, "v"}); }
  void DeleteKey(const std::string& key) { engine().Send({"del", key}); }

  // One SCAN call from `cursor_`; notes the keys that it returns.
  void Step(const std::string& count) {
    const std::string reply = Run({"scan", cursor_, "count", count});
    const std::vector<std::string> words = testing::ParseWords(WithoutMarks(reply));
    ASSERT_FALSE(words.empty());
    cursor_ = words[0];
    seen_.insert(words.begin() + 1, words.end());
    ++steps_;
  }
  bool done() const { return cursor_ == "0"; }

  // A notation without its brackets: the words alone.
  static std::string WithoutMarks(std::string reply) {
    std::replace_if(
        reply.begin(), reply.end(), [](char c) { return c == '[' || c == ']'; }, ' ');
    return reply;
  }

  std::string cursor_ = "0";
  std::set<std::string> seen_;
  int steps_ = 0;
};

TEST_F(ScanTest, VisitsEachKey) {
  for (int i = 0; i < 5000; ++i) SetKey("key:" + std::to_string(i));
  do {
    Step("100");
  } while (!done());
  EXPECT_EQ(seen_.size(), 5000u);
  EXPECT_GT(steps_, 10);
  EXPECT_LT(steps_, 500);
}

TEST_F(ScanTest, KeepsItsPromiseWhileTablesGrow) {
  for (int i = 0; i < 500; ++i) SetKey("stays:" + std::to_string(i));
  int added = 0;
  do {
    Step("10");
    for (int i = 0; i < 200 && added < 20'000; ++i) SetKey("new:" + std::to_string(added++));
  } while (!done());
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(seen_.contains("stays:" + std::to_string(i))) << i;
}

TEST_F(ScanTest, KeepsItsPromiseWhileTablesShrink) {
  for (int i = 0; i < 500; ++i) SetKey("stays:" + std::to_string(i));
  for (int i = 0; i < 20'000; ++i) SetKey("goes:" + std::to_string(i));
  int deleted = 0;
  do {
    Step("10");
    for (int i = 0; i < 200 && deleted < 20'000; ++i)
      DeleteKey("goes:" + std::to_string(deleted++));
  } while (!done());
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(seen_.contains("stays:" + std::to_string(i))) << i;
}

TEST_F(ScanTest, CountOneEndsAsWell) {
  for (int i = 0; i < 100; ++i) SetKey(std::to_string(i));
  do {
    Step("1");
    ASSERT_LT(steps_, 100'000);
  } while (!done());
  EXPECT_EQ(seen_.size(), 100u);
}

TEST_F(ScanTest, AnyCursorIsHarmless) {
  for (int i = 0; i < 100; ++i) SetKey(std::to_string(i));
  for (const char* cursor : {"1", "12345678901234567890", "18446744073709551615", "4294967296"}) {
    EXPECT_TRUE(Run({"scan", cursor}).starts_with("[\"")) << cursor;
  }
}

TEST_F(ScanTest, TheLargestCountVisitsAll) {
  for (int i = 0; i < 1000; ++i) SetKey(std::to_string(i));
  Step("9223372036854775807");
  EXPECT_TRUE(done());
  EXPECT_EQ(seen_.size(), 1000u);
}

TEST_F(ScanTest, RandomKeyReachesEachKey) {
  for (const char* key : {"a", "b", "c", "d"}) SetKey(key);
  std::set<std::string> found;
  for (int i = 0; i < 10'000 && found.size() < 4; ++i) found.insert(Run({"randomkey"}));
  EXPECT_EQ(found.size(), 4u);
}

TEST(ScanOptionsTest, OptionsInAnyOrderTheLastCounts) {
  const std::vector<std::string_view> args = {"7",     "TYPE", "hash",  "count", "5",
                                              "match", "a*",   "COUNT", "9"};
  const auto options = ParseScanOptions(args);
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->cursor, 7u);
  EXPECT_EQ(options->count, 9u);
  EXPECT_EQ(options->match, "a*");
  EXPECT_EQ(options->type, "hash");
}

TEST(ScanOptionsTest, CursorsUpToTheLargest) {
  const std::vector<std::string_view> largest = {"18446744073709551615"};
  EXPECT_EQ(ParseScanOptions(largest)->cursor, UINT64_MAX);
  const std::vector<std::string_view> zeros = {"0007"};
  EXPECT_EQ(ParseScanOptions(zeros)->cursor, 7u);
  for (const std::string_view bad : {"18446744073709551616", "-1", "", " 1", "1 ", "0x1"}) {
    const std::vector<std::string_view> args = {bad};
    EXPECT_EQ(ParseScanOptions(args).error().text, "ERR invalid cursor") << bad;
  }
}

}  // namespace
}  // namespace duet::commands
