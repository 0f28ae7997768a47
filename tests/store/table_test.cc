#include "server/store/table.h"

#include <bit>
#include <charconv>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace duet::store {
namespace {

// A key "123:rest" has the hash 123.
uint64_t Written(std::string_view bytes, uint64_t) {
  uint64_t hash = 0;
  std::from_chars(bytes.data(), bytes.data() + bytes.size(), hash);
  return hash;
}
constexpr HashFunction kWritten{Written, 0};

class TableTest : public testing::Test {
 protected:
  void Insert(uint64_t hash, int rest = 0) {
    const std::string key = Text(hash, rest);
    table_.Insert(Entry::NewString(key, "v", kNoExpiry), hash, kWritten);
  }
  bool Has(uint64_t hash, int rest = 0) { return table_.Find(Text(hash, rest), hash) != nullptr; }
  void Remove(uint64_t hash, int rest = 0) {
    Slot* slot = table_.Find(Text(hash, rest), hash);
    ASSERT_NE(slot, nullptr);
    Entry::Destroy(table_.Remove(slot, kWritten));
  }
  static std::string Text(uint64_t hash, int rest) {
    return std::to_string(hash) + ":" + std::to_string(rest);
  }
  std::vector<std::string> ScanAll() {
    std::vector<std::string> keys;
    uint64_t cursor = 0;
    do {
      cursor = table_.ScanHome(cursor, kWritten,
                               [&](const Entry& entry) { keys.emplace_back(entry.key()); });
    } while (cursor != 0);
    return keys;
  }

  Table table_;
};

TEST_F(TableTest, AnEmptyTableHasNoMemory) {
  EXPECT_EQ(table_.allocated_bytes(), 0u);
  EXPECT_FALSE(Has(1));
  EXPECT_TRUE(ScanAll().empty());
  table_.PrefetchBucket(123);
  table_.PrefetchEntry(123);
  table_.Clear();
}

TEST_F(TableTest, GrowsAtSevenEighthsAndShrinksAtAQuarter) {
  size_t most = 0;
  for (uint64_t i = 0; i < 20000; ++i) {
    Insert(i * 0x9e3779b97f4a7c15);
    ASSERT_TRUE(std::has_single_bit(table_.bucket_count()));
    ASSERT_LE(table_.size(), table_.bucket_count() * 7);
    ASSERT_GE(table_.size() * 2 + 14, table_.bucket_count() * 7);
    most = table_.bucket_count();
  }
  table_.CheckInvariants(kWritten);
  for (uint64_t i = 0; i < 20000; ++i) {
    Remove(i * 0x9e3779b97f4a7c15);
    ASSERT_TRUE(table_.bucket_count() == 1 || table_.size() >= table_.bucket_count() * 2);
    if (i % 1000 == 0) table_.CheckInvariants(kWritten);
  }
  EXPECT_EQ(most, 4096u);
  EXPECT_EQ(table_.bucket_count(), 1u);
  EXPECT_EQ(table_.size(), 0u);
}

// The bits that growing needs come from the tag between 64 and 4M buckets; here each range is
// crossed with hashes that differ in those bits only.
TEST_F(TableTest, GrowsByBitsOfTheTag) {
  for (uint64_t i = 0; i < 100000; ++i) Insert(i << 3 | (i & 7));
  table_.CheckInvariants(kWritten);
  for (uint64_t i = 0; i < 100000; ++i) ASSERT_TRUE(Has(i << 3 | (i & 7)));
  EXPECT_EQ(table_.overflow_size(), 0u);
}

TEST_F(TableTest, SixteenBucketsFromHomeThenOverflow) {
  // A table of 128 buckets.
  for (uint64_t i = 0; i < 600; ++i) Insert(1000 + i);
  ASSERT_EQ(table_.bucket_count(), 128u);
  for (uint64_t i = 0; i < 600; ++i) Remove(1000 + i, 0), Insert(64 + i % 8, static_cast<int>(i));
  table_.CheckInvariants(kWritten);
  EXPECT_GT(table_.overflow_size(), 0u);
  for (uint64_t i = 0; i < 600; ++i) ASSERT_TRUE(Has(64 + i % 8, static_cast<int>(i)));
  EXPECT_FALSE(Has(64, 1));
  EXPECT_EQ(ScanAll().size(), 600u);
  size_t places = 0;
  for (size_t i = 0; i < table_.PlaceCount(); ++i) places += table_.At(i) != nullptr;
  EXPECT_EQ(places, 600u);
  // Removing brings the rest back into buckets.
  for (uint64_t i = 0; i < 550; ++i) {
    Remove(64 + i % 8, static_cast<int>(i));
    for (uint64_t j = i + 1; j < 600; j += 37) ASSERT_TRUE(Has(64 + j % 8, static_cast<int>(j)));
  }
  table_.CheckInvariants(kWritten);
  EXPECT_EQ(table_.overflow_size(), 0u);
}

TEST_F(TableTest, EqualHashesDoNotGrowTheTableForEver) {
  for (int i = 0; i < 2000; ++i) Insert(5, i);
  table_.CheckInvariants(kWritten);
  EXPECT_LE(table_.bucket_count(), 2048u);
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(Has(5, i));
  for (int i = 0; i < 2000; ++i) Remove(5, i);
  EXPECT_EQ(table_.size(), 0u);
}

TEST_F(TableTest, ClustersWrapAroundTheEnd) {
  for (uint64_t i = 0; i < 100; ++i) Insert(i);  // 16 buckets
  ASSERT_EQ(table_.bucket_count(), 16u);
  for (uint64_t i = 0; i < 100; ++i) Remove(i), Insert(15, static_cast<int>(i));
  table_.CheckInvariants(kWritten);
  for (int i = 0; i < 100; i += 2) Remove(15, i);
  table_.CheckInvariants(kWritten);
  for (int i = 1; i < 100; i += 2) ASSERT_TRUE(Has(15, i));
}

TEST_F(TableTest, ScanAtRestVisitsEachOnce) {
  for (uint64_t i = 0; i < 3000; ++i) Insert(i * 0x9e3779b97f4a7c15);
  const std::vector<std::string> keys = ScanAll();
  EXPECT_EQ(keys.size(), 3000u);
  EXPECT_EQ(std::set<std::string>(keys.begin(), keys.end()).size(), 3000u);
}

TEST_F(TableTest, SwapAndClear) {
  for (uint64_t i = 0; i < 100; ++i) Insert(i);
  Table other;
  other.Swap(table_);
  EXPECT_EQ(table_.size(), 0u);
  EXPECT_EQ(other.size(), 100u);
  other.Clear();
  EXPECT_EQ(other.allocated_bytes(), 0u);
}

}  // namespace
}  // namespace duet::store
