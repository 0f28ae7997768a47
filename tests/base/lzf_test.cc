// Unpacking LZF: every kind of item, and no byte outside of the two buffers, whatever is given.
#include "server/base/lzf.h"

#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace duet {
namespace {

using namespace std::string_literals;

// Unpacks from and to heap blocks of exactly the sizes given, so that a sanitizer sees every step
// outside.
std::optional<std::string> Unpack(std::string_view packed, size_t size) {
  const auto in = std::make_unique<char[]>(packed.size());
  packed.copy(in.get(), packed.size());
  const auto out = std::make_unique<char[]>(size);
  if (!LzfUnpack({in.get(), packed.size()}, {out.get(), size})) return std::nullopt;
  return std::string(out.get(), size);
}

TEST(Lzf, UnpacksRunsAndCopies) {
  EXPECT_EQ(Unpack("", 0), "");
  EXPECT_EQ(Unpack("\x00\x61"s, 1), "a");
  EXPECT_EQ(Unpack("\x02\x61\x62\x63"s, 3), "abc");
  // A copy of three from three back.
  EXPECT_EQ(Unpack("\x02\x61\x62\x63\x20\x02"s, 6), "abcabc");
  // A copy that goes on with what it has written: a byte, eight times more.
  EXPECT_EQ(Unpack("\x00\x61\xc0\x00"s, 9), "aaaaaaaaa");
  // A long copy: 7 + 10 + 2.
  EXPECT_EQ(Unpack("\x00\x61\xe0\x0a\x00"s, 20), std::string(20, 'a'));
}

TEST(Lzf, ReachesFarBack) {
  std::string packed;
  std::string text;
  for (int run = 0; run < 256; ++run) {  // 8192 bytes, of which the first is unlike all others
    packed += "\x1f"s + std::string(32, run == 0 ? 'x' : 'y');
    text += std::string(32, run == 0 ? 'x' : 'y');
  }
  EXPECT_EQ(Unpack(packed + "\x3f\xff"s, 8195), text + "xxx");
}

TEST(Lzf, RefusesWhatIsMalformed) {
  EXPECT_EQ(Unpack("\x02\x61\x62"s, 3), std::nullopt);       // a run without its end
  EXPECT_EQ(Unpack("\x20"s, 3), std::nullopt);               // a copy without its distance
  EXPECT_EQ(Unpack("\x00\x61\xe0\x00"s, 10), std::nullopt);  // or with half of it
  EXPECT_EQ(Unpack("\x00\x61\x20\x01"s, 4), std::nullopt);   // from before the beginning
  EXPECT_EQ(Unpack("\x02\x61\x62\x63"s, 2), std::nullopt);   // too many
  EXPECT_EQ(Unpack("\x02\x61\x62\x63"s, 4), std::nullopt);   // too few
  EXPECT_EQ(Unpack("\x00\x61\xc0\x00"s, 8), std::nullopt);
}

TEST(Lzf, StaysWithinBoundsForAnything) {
  std::mt19937 random(7);  // NOLINT: the same every time
  for (int i = 0; i < 20'000; ++i) {
    std::string packed(random() % 40, '\0');
    for (char& c : packed) c = static_cast<char>(random());
    (void)Unpack(packed, random() % 100);
  }
}

}  // namespace
}  // namespace duet
