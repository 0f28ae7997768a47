#include "server/base/quoted_words.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace duet {
namespace {

using Words = std::vector<std::string>;

std::string Quoted(std::string_view word) {
  std::string out;
  AppendQuoted(word, out);
  return out;
}

TEST(QuotedWordsTest, SplitsAtSpacesOutsideOfQuotes) {
  EXPECT_EQ(SplitWords(""), Words());
  EXPECT_EQ(SplitWords(" \t a  b\t"), (Words{"a", "b"}));
  EXPECT_EQ(SplitWords("a \"b c\" 'd e' \"\""), (Words{"a", "b c", "d e", ""}));
  EXPECT_EQ(SplitWords(R"("\x41\n\"" '\'\n')"), (Words{"A\n\"", "'\\n"}));
}

TEST(QuotedWordsTest, RefusesUnbalancedQuotes) {
  for (const char* line : {"\"a", "'a", "a \"b\"c", "'a'b", "\"a\\\""}) {
    EXPECT_EQ(SplitWords(line), std::nullopt) << line;
  }
}

TEST(QuotedWordsTest, WhatIsQuotedReadsBackAsItWas) {
  EXPECT_EQ(Quoted("a b"), R"("a b")");
  EXPECT_EQ(Quoted("\\\"\n\r\t\a\b"), R"("\\\"\n\r\t\a\b")");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(SplitWords(Quoted(all)), Words{all});
  EXPECT_NE(Quoted(all).find("\\x00\\x01"), std::string::npos);
  EXPECT_NE(Quoted(all).find("\\xfe\\xff"), std::string::npos);
}

}  // namespace
}  // namespace duet
