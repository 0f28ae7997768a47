#include "server/base/glob.h"

#include <gtest/gtest.h>
#include <string>

namespace duet {
namespace {

TEST(Glob, Matches) {
  const char* cases[][2] = {
      {"", ""},         {"*", ""},          {"**", "abc"},          {"a*", "a"},
      {"*c", "abc"},    {"a*c", "abbc"},    {"a?c", "abc"},         {"[abc]", "b"},
      {"[a-c]x", "bx"}, {"[c-a]x", "bx"},   {"[^a]", "b"},          {"\\*", "*"},
      {"\\\\", "\\"},   {"a\\", "a\\"},     {"[\\]]", "]"},         {"[a", "a"},
      {"[^", "x"},      {"h[a-]o", "h^"},   {"*a*b*c", "xaxbxcxc"}, {"a**b", "ab"},
      {"[\\a-c]", "-"}, {"*[0-9]?", "ab1x"}};
  for (const auto& c : cases) EXPECT_TRUE(GlobMatch(c[0], c[1])) << c[0] << " " << c[1];
}

TEST(Glob, DoesNotMatch) {
  const char* cases[][2] = {{"", "a"},      {"a", ""},      {"?", ""},    {"a*c", "ab"},
                            {"[abc]", "d"}, {"[^a]", "a"},  {"\\*", "a"}, {"A", "a"},
                            {"[]", "]"},    {"a", "ab"},    {"ab", "a"},  {"[", "["},
                            {"*b", "abc"},  {"[a-c]", "d"}, {"a\\", "a"}};
  for (const auto& c : cases) EXPECT_FALSE(GlobMatch(c[0], c[1])) << c[0] << " " << c[1];
}

TEST(Glob, IgnoresCaseOnRequest) {
  EXPECT_TRUE(GlobMatch("MaxMem*", "maxmemory", true));
  EXPECT_TRUE(GlobMatch("[A-C]", "b", true));
  EXPECT_TRUE(GlobMatch("[ABC]", "b", true));
  EXPECT_FALSE(GlobMatch("MaxMem*", "maxmemory", false));
}

TEST(Glob, BytesAreUnsignedAndNulIsOne) {
  EXPECT_TRUE(GlobMatch(std::string_view("a\0*", 3), std::string_view("a\0b", 3)));
  EXPECT_FALSE(GlobMatch(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
  EXPECT_TRUE(GlobMatch("[\x80-\xff]", "\xc3"));
  EXPECT_FALSE(GlobMatch("[\x80-\xff]", "a"));
}

// CVE-2022-36021, CVE-2024-31228: backtracking at every star, and recursion, end a server.
TEST(Glob, ManyStarsEndInBoundedTime) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "*a";
  EXPECT_FALSE(GlobMatch(pattern + "*b", std::string(5'000, 'a')));
  EXPECT_TRUE(GlobMatch(std::string(100'000, '*'), "a"));
  EXPECT_FALSE(GlobMatch(std::string(1'000'000, '[') + "]", std::string(10, 'a')));
}

}  // namespace
}  // namespace duet
