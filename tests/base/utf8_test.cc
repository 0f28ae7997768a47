#include "server/base/utf8.h"

#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace duet {
namespace {

TEST(Utf8Test, KeepsWellFormedUtf8) {
  const std::string text = "ERR \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80";
  EXPECT_EQ(PrintableUtf8(text), text);
}

TEST(Utf8Test, ReplacesWhatIsNotUtf8AndLineEnds) {
  EXPECT_EQ(PrintableUtf8("a\r\nb\tc\x7F"), "a  b c ");
  EXPECT_EQ(PrintableUtf8(std::string_view("a\0b", 3)), "a b");
  EXPECT_EQ(PrintableUtf8("\xFF\xFE"), "??");
  EXPECT_EQ(PrintableUtf8("\xC0\xAF"), "??");            // overlong
  EXPECT_EQ(PrintableUtf8("\xE0\x80\xAF"), "???");       // overlong
  EXPECT_EQ(PrintableUtf8("\xED\xA0\x80"), "???");       // a surrogate
  EXPECT_EQ(PrintableUtf8("\xF4\x90\x80\x80"), "????");  // beyond U+10FFFF
  EXPECT_EQ(PrintableUtf8("\xE2\x82"), "??");            // cut
}

}  // namespace
}  // namespace duet
