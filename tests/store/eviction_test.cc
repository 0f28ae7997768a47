// What eviction asks of the store: entries chosen at random, erasure that gives memory back, access
// bits that follow use, and the size of the data to the byte.
#include <map>
#include <set>
#include <string>

#include "server/base/random.h"
#include "server/store/garbage.h"
#include "tests/store/store_fixture.h"

namespace duet::store {
namespace {

class EvictionTest : public testing::Test {
 protected:
  // How often each key is shown in `rounds` rounds of `count`.
  std::map<std::string, int> Shown(Pick pick, size_t count, int rounds) {
    std::map<std::string, int> shown;
    for (int i = 0; i < rounds; ++i) {
      random_ = Mix(random_);
      ShardLocks none(f_.store);
      f_.store.Sample(pick, random_, count, none, [&](int database, const Entry& entry) {
        ++shown[std::to_string(database) + ":" + std::string(entry.key())];
      });
    }
    return shown;
  }
  bool Evict(std::string_view key, int database = 0) {
    return f_.With(database, key, [](Database& db, const Key& k) { return db.Evict(k); });
  }

  StoreFixture f_{SmallStore(3)};
  uint64_t random_ = 1;
};

TEST_F(EvictionTest, NothingToShow) {
  for (const Pick pick : {Pick::kAny, Pick::kExpiring, Pick::kSoonest}) {
    EXPECT_TRUE(Shown(pick, 5, 10).empty());
  }
  f_.Set("lasting", "v");
  EXPECT_TRUE(Shown(Pick::kExpiring, 5, 10).empty());
  EXPECT_TRUE(Shown(Pick::kSoonest, 5, 10).empty());
}

TEST_F(EvictionTest, ShowsOneKeyAmongManyShards) {
  f_.Set("lonely", "v", f_.now_ms + 1, /*database=*/3);
  for (const Pick pick : {Pick::kAny, Pick::kExpiring, Pick::kSoonest}) {
    const auto shown = Shown(pick, 5, 20);
    ASSERT_EQ(shown.size(), 1u);
    EXPECT_EQ(shown.at("3:lonely"), 20);
  }
}

// About: one that lies behind a gap in the table is shown twice as often as one in a crowd.
TEST_F(EvictionTest, ShowsEveryKeyAboutAsOften) {
  for (int i = 0; i < 400; ++i) {
    f_.Set("key:" + std::to_string(i), "v", i % 2 == 0 ? kNoExpiry : f_.now_ms + 1000 + i);
  }
  const auto any = Shown(Pick::kAny, 5, 8000);
  EXPECT_EQ(any.size(), 400u);
  for (const auto& [key, times] : any) {
    EXPECT_GT(times, 25) << key;
    EXPECT_LT(times, 400) << key;
  }
  const auto expiring = Shown(Pick::kExpiring, 5, 8000);
  EXPECT_EQ(expiring.size(), 200u);
  for (const auto& [key, times] : expiring) {
    EXPECT_GT(times, 100) << key;
    EXPECT_LT(times, 400) << key;
  }
}

// Or each sample would look through all of them again. Nobody sees the index but in its memory,
// which the next keys that expire give back.
TEST_F(EvictionTest, WhatIsStaleIsTakenOutOfTheIndexWhereItIsMet) {
  constexpr int kKeys = 4000;
  const auto key = [](int i) { return "key:" + std::to_string(i); };
  for (int i = 0; i < 4 * kKeys; ++i) f_.Set("lasting:" + std::to_string(i), "v");
  for (int i = 0; i < kKeys; ++i) f_.Set(key(i), "v", f_.now_ms + 1000 + i * 7 % kKeys);
  for (int i = 0; i < kKeys; ++i) {
    if (i % 100 != 0) f_.Expire(key(i), kNoExpiry);
    if (i % 500 == 0) f_.Expire(key(i), f_.now_ms + 9000);
    if (i % 50 == 1) f_.Expire(key(i), f_.now_ms + 10);
  }
  const uint64_t bytes_before = f_.store.Stats().expiry_bytes;
  EXPECT_EQ(Shown(Pick::kExpiring, 5, 1000).size(), 120u);
  f_.Check();
  f_.now_ms += 10;
  f_.store.EraseExpired(f_.now_ms, kKeys);
  EXPECT_EQ(f_.store.Stats().keys_with_expiry, 40u);
  EXPECT_LT(f_.store.Stats().expiry_bytes, bytes_before / 2);
  f_.now_ms += 9000;
  f_.store.EraseExpired(f_.now_ms, kKeys);
  EXPECT_EQ(f_.store.Stats().keys_with_expiry, 0u);
}

TEST_F(EvictionTest, ShowsWhatExpiresFirstInEachShard) {
  for (int i = 0; i < 400; ++i) f_.Set("key:" + std::to_string(i), "v", f_.now_ms + 1000 + i);
  // Those that come first, and those whose time was moved, leave stale items in the index.
  for (int i = 0; i < 100; ++i) f_.Expire("key:" + std::to_string(i), f_.now_ms + 9000 + i);
  for (int i = 100; i < 200; ++i) f_.Erase("key:" + std::to_string(i));
  const auto shown = Shown(Pick::kSoonest, 5, 500);
  ASSERT_EQ(shown.size(), 8u);  // one a shard
  for (const auto& [key, times] : shown) {
    const int number = std::stoi(key.substr(key.rfind(':') + 1));
    EXPECT_GE(number, 200);
    EXPECT_LT(number, 260);
  }
  f_.Check();
}

TEST_F(EvictionTest, GivesBackAllMemory) {
  for (int i = 0; i < 300; ++i) f_.Set("key:" + std::to_string(i), "v", f_.now_ms + 1000, i % 3);
  for (int i = 0; i < 300; ++i) EXPECT_TRUE(Evict("key:" + std::to_string(i), i % 3));
  EXPECT_FALSE(Evict("key:0"));
  EXPECT_EQ(f_.store.Stats().entry_bytes, 0u);
  EXPECT_EQ(f_.store.Stats().table_bytes, 0u);
  EXPECT_EQ(f_.store.UnclaimedGrowth(), 0);
  f_.Check();
}

TEST_F(EvictionTest, GrowthIsKnownToTheByte) {
  const auto check = [this] {
    const StoreStats stats = f_.store.Stats();
    EXPECT_EQ(f_.store.UnclaimedGrowth(),
              static_cast<int64_t>(stats.entry_bytes + stats.table_bytes));
  };
  for (int i = 0; i < 2000; ++i) {
    const std::string key = "key:" + std::to_string(i % 300);
    const auto size = static_cast<size_t>(i * 7 % 500);
    f_.Set(key, std::string(size, 'x'), i % 3 == 0 ? f_.now_ms + i : kNoExpiry, i % 2);
    if (i % 5 == 0) f_.Erase("key:" + std::to_string(i * 13 % 300));
    if (i % 7 == 0) f_.Expire(key, f_.now_ms + 100, i % 2);
    if (i % 11 == 0) {
      f_.With(0, key, [&](Database& db, const Key& k) { db.ResizeString(k, size + 1); });
    }
    f_.now_ms += 1;
    if (i % 50 == 0) f_.store.EraseExpired(f_.now_ms, 100);
  }
  check();
  {
    ShardLocks all(f_.store);
    all.LockAll();
    f_.store.Swap(0, 1, all, f_.now_ms);
    uint64_t dropped = 0;
    const auto garbage = f_.store.Flush(0, all, &dropped);
    EXPECT_GT(dropped, 0u);
  }
  check();
}

TEST_F(EvictionTest, GrowthCanBeTakenOver) {
  const Key key = f_.store.MakeKey("k");
  ShardLocks locks(f_.store);
  locks.Lock(key);
  Database(f_.store, locks, 0, f_.now_ms).SetString(key, "v", kNoExpiry);
  EXPECT_EQ(locks.TakeGrowth(), 0);  // it is known when the lock is released
  locks.Unlock();
  const StoreStats stats = f_.store.Stats();
  EXPECT_EQ(locks.TakeGrowth(), static_cast<int64_t>(stats.entry_bytes + stats.table_bytes));
  EXPECT_EQ(f_.store.UnclaimedGrowth(), 0);
}

class AccessTest : public testing::Test {
 protected:
  // Runs use(Database&, const Key&) as a command that uses entries by `rule`.
  template <typename Use>
  void With(AccessRule rule, std::string_view bytes, Use use) {
    const Key key = f_.store.MakeKey(bytes);
    ShardLocks locks(f_.store);
    locks.Lock(key);
    Database db(f_.store, locks, 0, f_.now_ms, 0, &rule);
    use(db, key);
  }
  int AccessOf(std::string_view key) {
    return f_.With(0, key, [](Database& db, const Key& k) { return db.Find(k)->access(); });
  }

  static uint16_t AddOne(AccessRule&, uint16_t bits) { return static_cast<uint16_t>(bits + 1); }
  static constexpr auto kFind = [](Database& db, const Key& k) { db.Find(k); };
  static constexpr auto kSet = [](Database& db, const Key& k) {
    db.SetString(k, std::string(100, 'x'), kNoExpiry);
  };

  StoreFixture f_;
};

TEST_F(AccessTest, AUseSetsTheBits) {
  With({.fresh = 7, .counts = true}, "k", kSet);
  EXPECT_EQ(AccessOf("k"), 7);
  With({.fresh = 8, .counts = true}, "k", kFind);
  EXPECT_EQ(AccessOf("k"), 8);
  With({.fresh = 9, .counts = true}, "k",
       [](Database& db, const Key& k) { db.SetString(k, "short", kNoExpiry); });
  EXPECT_EQ(AccessOf("k"), 9);
  With({.fresh = 10, .counts = true}, "k",
       [](Database& db, const Key& k) { db.SetExpiry(k, db.now_ms() + 1000); });
  EXPECT_EQ(AccessOf("k"), 9);  // who changes an expiry has looked at the key before
}

TEST_F(AccessTest, WhatDoesNotCountKeepsThem) {
  With({.fresh = 7, .counts = true}, "k", kSet);
  With({.fresh = 8, .counts = false}, "k", kFind);
  With({.fresh = 8, .counts = false}, "k", kSet);
  EXPECT_EQ(AccessOf("k"), 7);
  With({.fresh = 8, .counts = false}, "new", kSet);
  EXPECT_EQ(AccessOf("new"), 8);
}

TEST_F(AccessTest, OneCommandUsesAnEntryOnce) {
  With({.fresh = 5, .counts = true, .after_use = AddOne}, "k", kSet);
  EXPECT_EQ(AccessOf("k"), 5);
  With({.fresh = 5, .counts = true, .after_use = AddOne}, "k", [](Database& db, const Key& k) {
    db.Find(k);
    db.Find(k);
    db.SetStringKeepExpiry(k, "v");
  });
  EXPECT_EQ(AccessOf("k"), 6);
}

TEST_F(AccessTest, AKeyThatHadExpiredIsFresh) {
  const AccessRule rule{.fresh = 5, .counts = true, .after_use = AddOne};
  With(rule, "k", [](Database& db, const Key& k) { db.SetString(k, "v", db.now_ms() + 1); });
  With(rule, "k", kFind);
  EXPECT_EQ(AccessOf("k"), 6);
  f_.now_ms += 1;
  With(rule, "k", kSet);
  EXPECT_EQ(AccessOf("k"), 5);
}

TEST_F(AccessTest, CanBeSet) {
  f_.Set("k", "v");
  With({}, "k", [](Database& db, const Key& k) { db.SetAccess(k, 0xabcd); });
  EXPECT_EQ(AccessOf("k"), 0xabcd);
  With({}, "missing", [](Database& db, const Key& k) { db.SetAccess(k, 1); });
  EXPECT_EQ(f_.Get("missing"), std::nullopt);
}

}  // namespace
}  // namespace duet::store
