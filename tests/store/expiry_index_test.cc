#include "server/store/expiry_index.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

#include "server/base/random.h"

namespace duet::store {
namespace {

TEST(ExpiryIndexTest, ErasesFromAnyPlaceAndGivesTheRestInOrder) {
  uint64_t random = 1;
  for (int round = 0; round < 200; ++round) {
    ExpiryIndex index;
    std::vector<int64_t> left;
    for (int i = 0; i < round; ++i) {
      random = Mix(random);
      left.push_back(static_cast<int64_t>(Below(random, 50)));
      index.Push(left.back(), 0);
    }
    for (int i = 0; i < round / 2; ++i) {
      random = Mix(random);
      const size_t place = Below(random, index.size());
      left.erase(std::ranges::find(left, index.At(place).deadline_ms));
      index.Erase(place);
    }
    std::ranges::sort(left);
    ASSERT_EQ(index.size(), left.size());
    for (const int64_t deadline_ms : left) ASSERT_EQ(index.Pop().deadline_ms, deadline_ms);
  }
}

}  // namespace
}  // namespace duet::store
