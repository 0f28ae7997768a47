#include "server/store/database.h"

#include <string>

#include "tests/store/store_fixture.h"

namespace duet::store {
namespace {

class DatabaseTest : public testing::Test {
 protected:
  ~DatabaseTest() override { f_.Check(); }
  StoreFixture f_;
};

TEST_F(DatabaseTest, SetOverwritesValueAndExpiry) {
  f_.Set("k", "v", f_.now_ms + 5);
  EXPECT_EQ(f_.Get("k"), "v");
  EXPECT_EQ(f_.ExpiryOf("k"), f_.now_ms + 5);
  f_.Set("k", "12");
  EXPECT_EQ(f_.Get("k"), "12");
  EXPECT_EQ(f_.ExpiryOf("k"), kNoExpiry);
  EXPECT_EQ(f_.Get("other"), std::nullopt);
}

TEST_F(DatabaseTest, SetWithAPastExpiryErases) {
  f_.Set("k", "v");
  f_.Set("k", "w", f_.now_ms);
  EXPECT_EQ(f_.Get("k"), std::nullopt);
  EXPECT_EQ(f_.Size(), 0u);
  f_.Set("k", "w", f_.now_ms - 1);
  EXPECT_EQ(f_.Size(), 0u);
}

TEST_F(DatabaseTest, ExpiresAtItsMillisecond) {
  f_.Set("k", "v", f_.now_ms + 10);
  f_.now_ms += 9;
  EXPECT_EQ(f_.Get("k"), "v");
  f_.now_ms += 1;
  EXPECT_EQ(f_.Size(), 1u);
  EXPECT_EQ(f_.Get("k"), std::nullopt);
  EXPECT_EQ(f_.Size(), 0u);
  EXPECT_FALSE(f_.Erase("k"));
  EXPECT_EQ(f_.store.Stats().expired_keys, 1u);
  EXPECT_EQ(f_.store.Stats().expired_lazily, 1u);
}

TEST_F(DatabaseTest, KeepExpiryKeepsALivingOneOnly) {
  f_.Set("k", "v", f_.now_ms + 10);
  f_.With(0, "k", [](Database& db, const Key& k) { db.SetStringKeepExpiry(k, "w"); });
  EXPECT_EQ(f_.ExpiryOf("k"), f_.now_ms + 10);
  f_.With(0, "k", [](Database& db, const Key& k) { db.SetIntegerKeepExpiry(k, -7); });
  EXPECT_EQ(f_.Get("k"), "-7");
  EXPECT_EQ(f_.ExpiryOf("k"), f_.now_ms + 10);
  f_.now_ms += 10;
  f_.With(0, "k", [](Database& db, const Key& k) { db.SetStringKeepExpiry(k, "x"); });
  EXPECT_EQ(f_.ExpiryOf("k"), kNoExpiry);
  EXPECT_EQ(f_.store.Stats().expired_lazily, 1u);
}

TEST_F(DatabaseTest, SetExpiry) {
  EXPECT_FALSE(f_.Expire("k", f_.now_ms + 1));
  f_.Set("k", "v");
  EXPECT_TRUE(f_.Expire("k", f_.now_ms + 100));
  EXPECT_EQ(f_.store.Stats(0, f_.now_ms).keys_with_expiry, 1u);
  EXPECT_EQ(f_.store.Stats(0, f_.now_ms).expiry_sum_ms, 100);
  EXPECT_TRUE(f_.Expire("k", kNoExpiry));
  EXPECT_EQ(f_.store.Stats().keys_with_expiry, 0u);
  EXPECT_TRUE(f_.Expire("k", f_.now_ms));
  EXPECT_EQ(f_.Size(), 0u);
  EXPECT_EQ(f_.store.Stats().expired_keys, 0u);  // erased, not expired
}

TEST_F(DatabaseTest, CountsChanges) {
  f_.With(0, "k", [&](Database& db, const Key& k) {
    EXPECT_FALSE(db.Erase(k));
    EXPECT_EQ(db.changes(), 0u);
    db.SetString(k, "v", kNoExpiry);
    EXPECT_EQ(db.changes(), 1u);
    EXPECT_TRUE(db.SetExpiry(k, kNoExpiry));  // had none
    EXPECT_EQ(db.changes(), 1u);
    EXPECT_TRUE(db.SetExpiry(k, f_.now_ms + 5));
    db.ResizeString(k, 10);
    db.SetIntegerKeepExpiry(k, 5);
    EXPECT_TRUE(db.Erase(k));
    EXPECT_EQ(db.changes(), 5u);
  });
}

TEST_F(DatabaseTest, WritesBackWhatItRead) {
  f_.Set("k", "abcdefgh");
  f_.With(0, "k", [](Database& db, const Key& k) {
    IntegerText scratch;
    db.SetString(k, db.Find(k)->StringView(scratch).substr(2), kNoExpiry);
  });
  EXPECT_EQ(f_.Get("k"), "cdefgh");
}

TEST_F(DatabaseTest, ResizeStringGrowsByDoublingThenByMebibytes) {
  size_t moves = 0;
  const char* last = nullptr;
  std::string expected;
  for (size_t size = 1; size < 40'000; ++size) {
    f_.With(0, "k", [&](Database& db, const Key& k) {
      const std::span<char> room = db.ResizeString(k, size);
      moves += room.data() != last;
      last = room.data();
      ASSERT_EQ(room[size - 1], '\0');
      room[size - 1] = static_cast<char>('a' + size % 26);
      expected += room[size - 1];
    });
  }
  EXPECT_EQ(f_.Get("k"), expected);
  EXPECT_LT(moves, 40u);
  f_.With(0, "k", [](Database& db, const Key& k) {
    db.ResizeString(k, 5 << 20);
    const size_t bytes = db.Find(k)->allocated_bytes();
    EXPECT_GE(bytes, size_t{6} << 20);
    EXPECT_LE(bytes, size_t{7} << 20);
    db.ResizeString(k, 3);  // gives the rest back
    EXPECT_LE(db.Find(k)->allocated_bytes(), 64u);
  });
  EXPECT_EQ(f_.Get("k"), expected.substr(0, 3));
}

TEST_F(DatabaseTest, ResizeStringKeepsTheExpiryAndTurnsIntegersIntoBytes) {
  f_.Set("k", "-123", f_.now_ms + 50);
  f_.With(0, "k", [](Database& db, const Key& k) {
    const std::span<char> room = db.ResizeString(k, 6);
    EXPECT_EQ(std::string_view(room.data(), 6), std::string_view("-123\0\0", 6));
    room[4] = '4';
    room[5] = '5';
    EXPECT_FALSE(db.Find(k)->IsInteger());
  });
  EXPECT_EQ(f_.Get("k"), "-12345");
  EXPECT_EQ(f_.ExpiryOf("k"), f_.now_ms + 50);
  f_.now_ms += 50;
  f_.With(0, "k", [](Database& db, const Key& k) {
    EXPECT_EQ(db.ResizeString(k, 2)[0], '\0');  // expired: starts from empty
  });
  EXPECT_EQ(f_.ExpiryOf("k"), kNoExpiry);
}

TEST_F(DatabaseTest, RenameAndCopyAcrossDatabasesCarryTheExpiry) {
  const std::string huge(70'000, 'h');
  f_.Set("from", huge, f_.now_ms + 9);
  f_.Set("to", "old", f_.now_ms + 1, 3);
  const Key keys[] = {f_.store.MakeKey("from"), f_.store.MakeKey("to")};
  {
    ShardLocks locks(f_.store);
    locks.Lock(keys);
    Database db(f_.store, locks, 0, f_.now_ms);
    Database third = db.Sibling(3);
    db.Copy(keys[0], third, keys[1]);
    EXPECT_EQ(db.changes(), 1u);
  }
  EXPECT_EQ(f_.Get("to", 3), huge);
  EXPECT_EQ(f_.ExpiryOf("to", 3), f_.now_ms + 9);
  EXPECT_EQ(f_.Get("from"), huge);
  {
    ShardLocks locks(f_.store);
    locks.Lock(keys);
    Database db(f_.store, locks, 3, f_.now_ms);
    Database zero = db.Sibling(0);
    db.Rename(keys[1], zero, keys[0]);
    db.SetString(keys[1], "next", kNoExpiry);
    db.Rename(keys[1], zero, keys[1]);
  }
  EXPECT_EQ(f_.Size(3), 0u);
  EXPECT_EQ(f_.Get("from"), huge);
  EXPECT_EQ(f_.Get("to"), "next");
}

TEST_F(DatabaseTest, OddKeys) {
  const std::string keys[] = {"", std::string(1, '\0'), std::string("\xff\0\n", 3),
                              std::string(300, 'x'), std::string(70'000, 'y')};
  for (const std::string& key : keys) f_.Set(key, "of " + std::to_string(key.size()));
  for (const std::string& key : keys) EXPECT_EQ(f_.Get(key), "of " + std::to_string(key.size()));
  EXPECT_EQ(f_.Size(), 5u);
  for (const std::string& key : keys) EXPECT_TRUE(f_.Erase(key));
  EXPECT_EQ(f_.store.Stats().entry_bytes, 0u);
}

TEST_F(DatabaseTest, DatabasesAreApart) {
  for (int db = 0; db < kDatabases; ++db) f_.Set("k", std::to_string(db), kNoExpiry, db);
  for (int db = 0; db < kDatabases; ++db) EXPECT_EQ(f_.Get("k", db), std::to_string(db));
  EXPECT_EQ(f_.store.Stats().keys, 16u);
  EXPECT_EQ(f_.store.Stats(7).keys, 1u);
}

#ifndef NDEBUG
TEST_F(DatabaseTest, TouchingAnUnlockedShardDiesInDebug) {
  const Key key = f_.store.MakeKey("k");
  ShardLocks locks(f_.store);
  Database db(f_.store, locks, 0, 0);
  EXPECT_DEATH(db.Find(key), "not locked");
}
#endif

TEST(ShardLocksTest, HoldsWhatItLocked) {
  for (const int bits : {0, 2, 7, 10}) {
    Store store(SmallStore(bits));
    ShardLocks locks(store);
    EXPECT_TRUE(locks.HoldsNone());
    locks.Lock(store.MakeKey("a"));
    EXPECT_TRUE(locks.Holds(store.ShardOf(store.MakeKey("a").hash)));
    locks.Unlock();
    const Key keys[] = {store.MakeKey("b"), store.MakeKey("c"), store.MakeKey("b")};
    locks.Lock(keys);
    size_t held = 0;
    for (size_t i = 0; i < store.shard_count(); ++i) held += locks.Holds(i);
    EXPECT_GE(held, 1u);
    EXPECT_LE(held, 2u);
    for (const Key& key : keys) EXPECT_TRUE(locks.Holds(store.ShardOf(key.hash)));
    locks.Unlock();
    locks.Lock(std::span<const Key>());
    EXPECT_TRUE(locks.HoldsNone());
    locks.LockAll();
    EXPECT_TRUE(locks.HoldsAll());
    EXPECT_TRUE(locks.Holds(store.shard_count() - 1));
    locks.Unlock();
    locks.Unlock();
    EXPECT_FALSE(locks.Holds(0));
  }
}

}  // namespace
}  // namespace duet::store
