#include "server/store/entry.h"

#include <limits>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "server/store/size_class.h"

namespace duet::store {
namespace {

std::string Value(const Entry& entry) {
  IntegerText scratch;
  return std::string(entry.StringView(scratch));
}

struct Owned {
  explicit Owned(Entry* entry) : get(entry) {}
  ~Owned() { Entry::Destroy(get); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Entry* get;
};

TEST(EntryTest, SixteenByteKeyThirtyTwoByteValueAndExpiryTakeOneLine) {
  const std::string key(16, 'k');
  const std::string value(32, 'v');
  EXPECT_EQ(Owned(Entry::NewString(key, value, 1)).get->allocated_bytes(), 64u);
  EXPECT_EQ(Owned(Entry::NewString(key, value, kNoExpiry)).get->allocated_bytes(), 64u);
  EXPECT_EQ(Owned(Entry::NewString(key, value + "v", 1)).get->allocated_bytes(), 80u);
  EXPECT_EQ(Owned(Entry::NewInteger(key, -1, kNoExpiry)).get->allocated_bytes(), 32u);
}

TEST(EntryTest, OnlyCanonicalIntegersAreHeldAsIntegers) {
  for (const char* text : {"0", "-1", "1", "9223372036854775807", "-9223372036854775808", "100"}) {
    const Owned entry(Entry::NewString("k", text, kNoExpiry));
    EXPECT_TRUE(entry.get->IsInteger()) << text;
    EXPECT_EQ(entry.get->encoding(), Encoding::kInteger);
    EXPECT_EQ(Value(*entry.get), text);
    EXPECT_EQ(entry.get->StringSize(), std::string(text).size());
  }
  for (const char* text : {"", "-", "-0", "+1", "01", " 1", "1 ", "1.0", "9223372036854775808",
                           "-9223372036854775809", "1e3", "0x1", "99999999999999999999999"}) {
    const Owned entry(Entry::NewString("k", text, kNoExpiry));
    EXPECT_FALSE(entry.get->IsInteger()) << text;
    EXPECT_EQ(Value(*entry.get), text);
    EXPECT_EQ(entry.get->StringSize(), std::string(text).size());
  }
}

TEST(EntryTest, HoldsKeysAndValuesOfAnySizeAndBytes) {
  for (const size_t key_size : {0, 1, 16, 254, 255, 256, 300, 70000}) {
    for (const size_t value_size : {0, 1, 31, 32, 1023, 1024, 70000}) {
      std::string key(key_size, '\0');
      std::string value(value_size, '\xff');
      if (key_size > 0) key.back() = '\n';
      if (value_size > 0) value.front() = '\0';
      for (const int64_t at : {kNoExpiry, int64_t{1}, std::numeric_limits<int64_t>::max()}) {
        const Owned entry(Entry::NewString(key, value, at));
        ASSERT_EQ(entry.get->key(), key);
        ASSERT_EQ(Value(*entry.get), value);
        ASSERT_EQ(entry.get->expire_at_ms(), at);
        ASSERT_EQ(entry.get->type(), ValueType::kString);
        ASSERT_EQ(reinterpret_cast<uintptr_t>(entry.get) % 16, 0u);
        const Owned copy(Entry::Clone(*entry.get, key + "2", at));
        ASSERT_EQ(copy.get->key(), key + "2");
        ASSERT_EQ(Value(*copy.get), value);
      }
    }
  }
}

TEST(EntryTest, ExpiryComesAndGoesInPlaceWithinTheSizeClass) {
  for (const size_t key_size : {3, 16, 300}) {
    const std::string key(key_size, 'k');
    for (size_t size = 0; size < 200; ++size) {
      const std::string value(size, 'v');
      const Owned entry(Entry::NewString(key, value, kNoExpiry));
      const size_t bytes = entry.get->allocated_bytes();
      const size_t fields = 8 + key_size + (key_size > 254 ? 4 : 0) + size;
      const bool fits = SizeClass(fields + 8) == bytes;
      ASSERT_EQ(entry.get->AssignExpiry(77), fits) << size;
      ASSERT_EQ(entry.get->expire_at_ms(), fits ? 77 : kNoExpiry);
      ASSERT_EQ(entry.get->key(), key);
      ASSERT_EQ(Value(*entry.get), value);
      ASSERT_TRUE(entry.get->AssignExpiry(kNoExpiry));
      ASSERT_EQ(entry.get->key(), key);
      ASSERT_EQ(Value(*entry.get), value);
      ASSERT_EQ(entry.get->allocated_bytes(), bytes);
    }
  }
}

TEST(EntryTest, ALargeValueTakesAnExpiryWithoutMoving) {
  const Owned entry(Entry::NewString("k", std::string(5000, 'v'), kNoExpiry));
  EXPECT_EQ(entry.get->expire_at_ms(), kNoExpiry);
  EXPECT_TRUE(entry.get->AssignExpiry(5));
  EXPECT_EQ(entry.get->expire_at_ms(), 5);
  EXPECT_TRUE(entry.get->AssignExpiry(kNoExpiry));
  EXPECT_EQ(entry.get->expire_at_ms(), kNoExpiry);
}

TEST(EntryTest, AssignStringKeepsTheAllocationOrRefuses) {
  for (const int64_t before : {kNoExpiry, int64_t{1}}) {
    for (const int64_t after : {kNoExpiry, int64_t{2}}) {
      for (size_t size = 0; size < 150; ++size) {
        const Owned entry(Entry::NewString("some-key", std::string(40, 'a'), before));
        const size_t bytes = entry.get->allocated_bytes();
        const std::string value(size, 'b');
        const bool fits = SizeClass(8 + (after == kNoExpiry ? 0 : 8) + 8 + size) == bytes;
        ASSERT_EQ(entry.get->AssignString(value, after), fits);
        ASSERT_EQ(Value(*entry.get), fits ? value : std::string(40, 'a'));
        ASSERT_EQ(entry.get->expire_at_ms(), fits ? after : before);
        ASSERT_EQ(entry.get->key(), "some-key");
        ASSERT_EQ(entry.get->allocated_bytes(), bytes);
      }
    }
  }
}

TEST(EntryTest, AssigningAViewOfItselfIsRefused) {
  const Owned entry(Entry::NewString("key", "abcdef", kNoExpiry));
  IntegerText scratch;
  EXPECT_FALSE(entry.get->AssignString(entry.get->StringView(scratch).substr(1), kNoExpiry));
  EXPECT_EQ(Value(*entry.get), "abcdef");
}

TEST(EntryTest, SlackIsUsedUpInPlace) {
  const Owned entry(Entry::NewRaw("k", 10, 100, 9));
  const size_t bytes = entry.get->allocated_bytes();
  std::memset(entry.get->raw_data(), 'x', 10);
  EXPECT_TRUE(entry.get->AssignSize(100));
  EXPECT_FALSE(entry.get->AssignSize(1000));
  EXPECT_EQ(entry.get->allocated_bytes(), bytes);
  EXPECT_EQ(entry.get->expire_at_ms(), 9);
  EXPECT_EQ(entry.get->key(), "k");
  EXPECT_TRUE(entry.get->AssignExpiry(kNoExpiry));
  EXPECT_TRUE(entry.get->AssignExpiry(10));
  EXPECT_EQ(Value(*entry.get).substr(0, 10), std::string(10, 'x'));
  EXPECT_FALSE(entry.get->AssignString("y", kNoExpiry));
}

}  // namespace
}  // namespace duet::store
