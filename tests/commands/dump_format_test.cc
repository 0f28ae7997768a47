// Dumps: what is written, what is read back, and what is refused.
#include "server/commands/dump_format.h"

#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>

#include "server/base/crc64.h"

namespace duet::commands {
namespace {

using namespace std::string_literals;
using store::Entry;

struct Destroy {
  void operator()(Entry* entry) const { Entry::Destroy(entry); }
};

std::string DumpOf(std::string_view value) {
  const std::unique_ptr<Entry, Destroy> entry(Entry::NewString("k", value, store::kNoExpiry));
  return DumpString(*entry);
}

// `body` with a version and the right checksum.
std::string Dump(std::string body, uint16_t version = kDumpVersionWritten) {
  body += static_cast<char>(version & 0xff);
  body += static_cast<char>(version >> 8);
  const uint64_t crc = Crc64(body);
  for (int i = 0; i < 8; ++i) body += static_cast<char>(crc >> (8 * i) & 0xff);
  return body;
}

std::optional<std::string> Load(const std::string& dump, uint64_t max_bytes = 1 << 20) {
  return IsIntactDump(dump) ? LoadDumpedString(dump, max_bytes) : std::nullopt;
}

TEST(DumpFormat, IsThatOfRedis) {
  // The example of redis.io's page on DUMP.
  EXPECT_EQ(DumpOf("10"), "\x00\xc0\n\n\x00n\x9fWE\x0e\xae\x63\xbb"s);
}

TEST(DumpFormat, ChoosesTheShortestInteger) {
  const auto body = [](std::string_view value) {
    const std::string dump = DumpOf(value);
    return dump.substr(1, dump.size() - 11);
  };
  EXPECT_EQ(body("0"), "\xc0\x00"s);
  EXPECT_EQ(body("-128"), "\xc0\x80"s);
  EXPECT_EQ(body("127"), "\xc0\x7f"s);
  EXPECT_EQ(body("128"), "\xc1\x80\x00"s);
  EXPECT_EQ(body("-32768"), "\xc1\x00\x80"s);
  EXPECT_EQ(body("32768"), "\xc2\x00\x80\x00\x00"s);
  EXPECT_EQ(body("-2147483648"), "\xc2\x00\x00\x00\x80"s);
  EXPECT_EQ(body("2147483648"), "\n2147483648");
  EXPECT_EQ(body("007"), "\x03"s + "007");
  EXPECT_EQ(body(""), "\x00"s);
  EXPECT_EQ(body(std::string(63, 'x')), "\x3f" + std::string(63, 'x'));
  EXPECT_EQ(body(std::string(64, 'x')), "\x40\x40" + std::string(64, 'x'));
  EXPECT_EQ(body(std::string(16383, 'x')), "\x7f\xff" + std::string(16383, 'x'));
  EXPECT_EQ(body(std::string(16384, 'x')), "\x80\x00\x00\x40\x00"s + std::string(16384, 'x'));
}

TEST(DumpFormat, ReadsWhatItWrites) {
  for (const std::string& value :
       {""s, "0"s, "-1"s, "2147483647"s, "-2147483649"s, "9223372036854775807"s, "text"s,
        "a\0b\r\n"s, std::string(64, 'x'), std::string(20'000, 'y')}) {
    EXPECT_EQ(Load(DumpOf(value)), value);
  }
}

TEST(DumpFormat, TellsTheLengthOfTheStringItself) {
  for (const std::string& value : {""s, "12"s, "70000"s, "text"s, std::string(100, 'x')}) {
    const std::unique_ptr<Entry, Destroy> entry(Entry::NewString("k", value, store::kNoExpiry));
    EXPECT_EQ(DumpedLength(*entry), DumpString(*entry).size() - 11) << value;
  }
}

TEST(DumpFormat, ReadsPackedStrings) {
  // 30 times "a", as Redis packs them: a run of two, and a copy.
  EXPECT_EQ(Load(Dump("\x00\xc3\x05\x1e\x00\x61\xe0\x14\x00"s)), std::string(30, 'a'));
  EXPECT_EQ(Load(Dump("\x00\xc3\x05\x1d\x00\x61\xe0\x14\x00"s)), std::nullopt);  // not 29
  EXPECT_EQ(Load(Dump("\x00\xc3\x06\x1e\x00\x61\xe0\x14\x00"s)), std::nullopt);  // too short
  // Four gigabytes out of five bytes.
  EXPECT_EQ(Load(Dump("\x00\xc3\x05\x80\xff\xff\xff\xff\x00\x61\xe0\x14\x00"s), uint64_t{1} << 40),
            std::nullopt);
}

TEST(DumpFormat, ReadsLongerLengthsThanItNeeds) {
  EXPECT_EQ(Load(Dump("\x00\x40\x02\x61\x62"s)), "ab");
  EXPECT_EQ(Load(Dump("\x00\x80\x00\x00\x00\x02\x61\x62"s)), "ab");
  EXPECT_EQ(Load(Dump("\x00\x81\x00\x00\x00\x00\x00\x00\x00\x02\x61\x62"s)), "ab");
}

TEST(DumpFormat, RefusesOtherVersionsAndDamage) {
  EXPECT_TRUE(IsIntactDump(Dump("\x00\x01\x61"s, 1)));
  EXPECT_TRUE(IsIntactDump(Dump("\x00\x01\x61"s, kDumpVersionRead)));
  EXPECT_FALSE(IsIntactDump(Dump("\x00\x01\x61"s, kDumpVersionRead + 1)));
  EXPECT_FALSE(IsIntactDump(""));
  EXPECT_FALSE(IsIntactDump("123456789"));
  std::string dump = DumpOf("value");
  for (char& c : dump) {
    c ^= 1;
    EXPECT_FALSE(IsIntactDump(dump));
    c ^= 1;
  }
}

TEST(DumpFormat, RefusesOtherTypesAndWhatIsTooLong) {
  EXPECT_EQ(Load(Dump("")), std::nullopt);
  EXPECT_EQ(Load(Dump("\x00"s)), std::nullopt);
  EXPECT_EQ(Load(Dump("\x01\x01\x61"s)), std::nullopt);  // a list
  EXPECT_EQ(Load(Dump("\x00\x02\x61"s)), std::nullopt);
  EXPECT_EQ(Load(Dump("\x00\x82\x00\x00\x00\x01\x61"s)), std::nullopt);  // no such length
  EXPECT_EQ(Load(Dump("\x00\xc4\x01"s)), std::nullopt);                  // no such encoding
  EXPECT_EQ(Load(Dump("\x00\xc2\x01"s)), std::nullopt);
  EXPECT_EQ(Load(DumpOf("1234567"), 6), "1234567");  // an integer has no length
  EXPECT_EQ(Load(DumpOf("letters"), 7), "letters");
  EXPECT_EQ(Load(DumpOf("letters"), 6), std::nullopt);
}

TEST(DumpFormat, StaysWithinBoundsForAnything) {
  std::mt19937 random(7);  // NOLINT: the same every time
  for (int i = 0; i < 20'000; ++i) {
    std::string body(1 + random() % 30, '\0');
    for (char& c : body) c = static_cast<char>(random());
    body[0] = 0;
    const std::string dump = Dump(body);
    const std::unique_ptr<char[]> exact(new char[dump.size()]);
    dump.copy(exact.get(), dump.size());
    (void)LoadDumpedString({exact.get(), dump.size()}, 1000);
  }
}

}  // namespace
}  // namespace duet::commands
