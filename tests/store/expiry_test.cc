// Active expiry, and the versions of watched keys.
#include <string>

#include "server/store/garbage.h"
#include "tests/store/store_fixture.h"

namespace duet::store {
namespace {

TEST(ExpiryTest, ErasesExactlyWhatIsDueWithinTheBudget) {
  StoreFixture f;
  for (int i = 0; i < 1000; ++i) f.Set("k" + std::to_string(i), "v", f.now_ms + 1 + i, i % 3);
  EXPECT_EQ(f.store.EraseExpired(f.now_ms, 100), 0u);
  f.now_ms += 500;
  EXPECT_EQ(f.store.EraseExpired(f.now_ms, 100), 100u);
  EXPECT_EQ(f.store.EraseExpired(f.now_ms, 1000), 400u);
  EXPECT_EQ(f.store.Stats().keys, 500u);
  EXPECT_EQ(f.store.Stats().expired_keys, 500u);
  EXPECT_EQ(f.store.Stats().expired_lazily, 0u);
  EXPECT_EQ(f.store.EraseExpired(f.now_ms, 1000), 0u);
  f.Check();
}

// Keys that were refreshed leave deadlines behind, which cost as much as keys that expire.
TEST(ExpiryTest, OutlivedDeadlinesCountAgainstTheBudget) {
  StoreFixture f;
  for (int i = 0; i < 1000; ++i) {
    f.Set("k" + std::to_string(i), "v", f.now_ms + 10);
    f.Expire("k" + std::to_string(i), f.now_ms + 1000);
  }
  EXPECT_FALSE(f.store.HasDue(f.now_ms));
  f.now_ms += 10;
  int calls = 0;
  for (; f.store.HasDue(f.now_ms); ++calls) EXPECT_EQ(f.store.EraseExpired(f.now_ms, 100), 0u);
  EXPECT_EQ(calls, 10);
  f.Check();
  f.now_ms += 990;
  EXPECT_EQ(f.store.EraseExpired(f.now_ms, 1000), 1000u);
}

TEST(ExpiryTest, TheIndexShrinksWithItsKeys) {
  constexpr int kKeys = 10'000;
  StoreFixture f;
  const auto set_all = [&] {
    for (int i = 0; i < kKeys; ++i) f.Set("k" + std::to_string(i), "v", f.now_ms + 10);
    EXPECT_GT(f.store.Stats().expiry_bytes, 100'000u);
  };
  set_all();
  f.now_ms += 10;
  while (f.store.HasDue(f.now_ms)) f.store.EraseExpired(f.now_ms, 1000);
  EXPECT_EQ(f.store.Stats().expired_keys, uint64_t{kKeys});
  EXPECT_LT(f.store.Stats().expiry_bytes, 20'000u);
  set_all();
  for (int i = 0; i < kKeys; ++i) f.Erase("k" + std::to_string(i));
  EXPECT_LT(f.store.Stats().expiry_bytes, 20'000u);
  f.Check();
}

TEST(ExpiryTest, AMovedExpiryIsTheOneThatCounts) {
  StoreFixture f;
  f.Set("later", "v", f.now_ms + 10);
  f.Expire("later", f.now_ms + 100);
  f.Set("sooner", "v", f.now_ms + 100);
  f.Expire("sooner", f.now_ms + 10);
  f.Set("never", "v", f.now_ms + 10);
  f.Expire("never", kNoExpiry);
  f.Set("again", "v", f.now_ms + 10);
  f.Erase("again");
  f.Set("again", "v", f.now_ms + 50);
  f.now_ms += 10;
  EXPECT_EQ(f.store.EraseExpired(f.now_ms, 10), 1u);
  EXPECT_EQ(f.Get("sooner"), std::nullopt);
  f.Check();
  f.now_ms += 40;
  EXPECT_EQ(f.store.EraseExpired(f.now_ms, 10), 1u);
  EXPECT_EQ(f.Get("again"), std::nullopt);
  f.now_ms += 49;
  EXPECT_EQ(f.store.EraseExpired(f.now_ms, 10), 0u);
  f.now_ms += 1;
  EXPECT_EQ(f.store.EraseExpired(f.now_ms, 10), 1u);
  EXPECT_EQ(f.Get("later"), std::nullopt);
  EXPECT_EQ(f.Get("never"), "v");
  f.Check();
}

TEST(ExpiryTest, AFullHashCollisionLosesNoDeadline) {
  StoreFixture f(StoreOptions{
      .shard_bits = 0, .hash_function = [](std::string_view, uint64_t) { return uint64_t{5}; }});
  for (int i = 0; i < 300; ++i) f.Set(std::to_string(i), "v", f.now_ms + 1 + i % 7);
  for (int ms = 1; ms <= 7; ++ms) {
    f.now_ms += 1;
    size_t erased = 0;
    for (size_t n = 0; (n = f.store.EraseExpired(f.now_ms, 3)) > 0;) erased += n;
    EXPECT_GE(erased, 42u);
    f.Check();
  }
  EXPECT_EQ(f.Size(), 0u);
}

TEST(ExpiryTest, TheIndexDoesNotGrowWithRefreshedOrReplacedKeys) {
  StoreFixture f(SmallStore(0));
  for (int round = 0; round < 2000; ++round) {
    f.Set("session", "v", f.now_ms + 1000 + round);
    f.Set("fresh", "v", f.now_ms + 1000);
    f.Erase("fresh");
  }
  EXPECT_LT(f.store.Stats().table_bytes, 4000u);
  f.Check();
}

TEST(ExpiryTest, WalksPassOverExpiredKeys) {
  StoreFixture f;
  f.Set("dead", "v", f.now_ms + 1);
  f.now_ms += 1;
  ShardLocks none(f.store);
  EXPECT_EQ(f.store.RandomKey(0, f.now_ms, 7, none), std::nullopt);
  f.store.ForEach(0, f.now_ms, none, [](std::string_view, const Entry&) { FAIL(); });
  EXPECT_EQ(f.Scan(0, 10, [](std::string_view, const Entry&) { FAIL(); }), 0u);
  f.Set("alive", "v");
  EXPECT_EQ(f.store.RandomKey(0, f.now_ms, 7, none), "alive");
}

class WatchTest : public testing::Test {
 protected:
  uint64_t Watch(std::string_view key, int db = 0) {
    return f_.With(db, key, [](Database& d, const Key& k) { return d.Watch(k); });
  }
  void Unwatch(std::string_view key, int db = 0) {
    f_.With(db, key, [](Database& d, const Key& k) { d.Unwatch(k); });
  }
  uint64_t Version(std::string_view key, int db = 0) {
    return f_.With(db, key, [](Database& d, const Key& k) { return d.WatchedVersion(k); });
  }
  // Whether `change` changes the version of "k" in database 0.
  template <typename Change>
  bool Changes(Change change) {
    const uint64_t before = Watch("k");
    change();
    const bool changed = Version("k") != before;
    Unwatch("k");
    return changed;
  }
  void SwapZeroAndFive() {
    ShardLocks locks(f_.store);
    locks.LockAll();
    f_.store.Swap(0, 5, locks, f_.now_ms);
  }
  StoreFixture f_;
};

TEST_F(WatchTest, EachChangeCounts) {
  EXPECT_FALSE(Changes([] {}));
  EXPECT_TRUE(Changes([&] { f_.Set("k", "v"); }));
  EXPECT_FALSE(Changes([&] { f_.Get("k"); }));
  EXPECT_FALSE(Changes([&] { f_.Set("k", "v", kNoExpiry, 1); }));
  EXPECT_FALSE(Changes([&] { f_.Set("j", "v"); }));
  EXPECT_TRUE(Changes([&] { f_.Expire("k", f_.now_ms + 10); }));
  EXPECT_TRUE(
      Changes([&] { f_.With(0, "k", [](Database& db, const Key& k) { db.ResizeString(k, 9); }); }));
  EXPECT_TRUE(Changes([&] { f_.Erase("k"); }));
  EXPECT_FALSE(Changes([&] { f_.Erase("k"); }));
}

TEST_F(WatchTest, ExpiryCountsOnceHoweverItIsNoticed) {
  f_.Set("k", "v", f_.now_ms + 10);
  const uint64_t before = Watch("k");
  EXPECT_EQ(Version("k"), before);
  f_.now_ms += 10;
  const uint64_t after = Version("k");  // not erased yet
  EXPECT_NE(after, before);
  EXPECT_EQ(f_.store.EraseExpired(f_.now_ms, 1), 1u);
  EXPECT_EQ(Version("k"), after);
  Unwatch("k");
  // One that had expired when the watch began is no change.
  f_.Set("k", "v", f_.now_ms + 10);
  f_.now_ms += 10;
  EXPECT_FALSE(Changes([&] { f_.store.EraseExpired(f_.now_ms, 1); }));
}

TEST_F(WatchTest, FlushAndSwapCountForKeysThatExist) {
  const auto flush = [&] {
    ShardLocks locks(f_.store);
    locks.LockAll();
    uint64_t dropped = 0;
    f_.store.Flush(0, locks, &dropped);
  };
  const auto swap = [&] { SwapZeroAndFive(); };
  EXPECT_FALSE(Changes(flush));
  EXPECT_FALSE(Changes(swap));
  f_.Set("k", "v");
  EXPECT_TRUE(Changes(swap));
  EXPECT_EQ(f_.Get("k", 5), "v");
  EXPECT_TRUE(Changes(swap));
  EXPECT_TRUE(Changes(flush));
}

TEST_F(WatchTest, SwapPassesOverWhatHasExpired) {
  const auto swap = [&] { SwapZeroAndFive(); };
  f_.Set("k", "v", f_.now_ms + 1, 5);
  f_.now_ms += 1;
  EXPECT_FALSE(Changes(swap));  // nothing, and an expired key comes
  f_.Set("k", "v", f_.now_ms + 1);
  f_.Set("k", "w", f_.now_ms + 1, 5);
  f_.now_ms += 1;
  EXPECT_FALSE(Changes(swap));  // an expired key, and another one comes
  f_.Set("k", "v", f_.now_ms + 1);
  const uint64_t before = Watch("k");
  f_.now_ms += 1;
  SwapZeroAndFive();
  EXPECT_NE(Version("k"), before);  // it was alive when the watch began
  Unwatch("k");
  f_.store.CheckInvariants();
}

TEST_F(WatchTest, SeveralWatchersShareAKey) {
  const uint64_t first = Watch("k");
  f_.Set("k", "v");
  const uint64_t second = Watch("k");
  EXPECT_NE(first, second);
  Unwatch("k");
  EXPECT_EQ(Version("k"), second);
  Unwatch("k");
  EXPECT_EQ(Version("k"), 0u);
}

struct Heard final : KeyObserver {
  void KeyChanged(int database, std::string_view key, Origin origin) override {
    events +=
        std::to_string(database) + ":" + std::string(key) + "@" + std::to_string(origin) + " ";
  }
  void KeyAdded(int, std::string_view key) override { events += "added:" + std::string(key) + " "; }
  void KeyExpired(int, std::string_view key) override {
    events += "expired:" + std::string(key) + " ";
  }
  void KeyEvicted(int, std::string_view key) override {
    events += "evicted:" + std::string(key) + " ";
  }
  std::string events;
};

TEST(KeyObserverTest, HearsOfEveryChangeAndWhoMadeIt) {
  StoreFixture f;
  f.Set("before", "v");
  Heard heard;
  f.store.SetObserver(&heard);
  const Key key = f.store.MakeKey("k");
  {
    ShardLocks locks(f.store);
    locks.Lock(key);
    Database db(f.store, locks, 3, f.now_ms, /*origin=*/7);
    db.SetString(key, "v", kNoExpiry);
    db.SetExpiry(key, f.now_ms + 1);
    db.Find(key);
    db.Erase(key);
    db.Erase(key);
  }
  EXPECT_EQ(heard.events, "3:k@7 added:k 3:k@7 3:k@7 ");
  f.store.SetObserver(nullptr);
  f.Erase("before");
  EXPECT_EQ(heard.events, "3:k@7 added:k 3:k@7 3:k@7 ");
}

TEST(KeyObserverTest, HearsOfExpiryByTheClockAndByAWriter) {
  StoreFixture f;
  Heard heard;
  f.store.SetObserver(&heard);
  f.Set("a", "v", f.now_ms + 1);
  f.Set("b", "v", f.now_ms + 1);
  heard.events.clear();
  f.now_ms += 1;
  f.Set("b", "w");
  EXPECT_EQ(heard.events, "0:b@0 expired:b added:b ");
  heard.events.clear();
  EXPECT_EQ(f.store.EraseExpired(f.now_ms, 10), 1u);
  EXPECT_EQ(heard.events, "0:a@0 expired:a ");
}

TEST(KeyObserverTest, NobodyIsTheCauseOfWhatACommandFindsExpired) {
  StoreFixture f;
  Heard heard;
  f.Set("a", "v", f.now_ms + 1);
  f.Set("b", "v", f.now_ms + 1);
  f.Set("lasts", "v");
  f.store.SetObserver(&heard);
  f.now_ms += 1;
  const auto with = [&](std::string_view bytes, auto act) {
    const Key key = f.store.MakeKey(bytes);
    ShardLocks locks(f.store);
    locks.Lock(key);
    Database db(f.store, locks, 0, f.now_ms, /*origin=*/7);
    return act(db, key);
  };
  EXPECT_FALSE(with("a", [](Database& db, const Key& key) { return db.Erase(key); }));
  EXPECT_FALSE(with("b", [](Database& db, const Key& key) {
    db.KeepExpired();
    return db.Find(key) != nullptr;
  }));
  EXPECT_EQ(heard.events, "0:a@0 expired:a ");
  const auto finds = [](Database& db, const Key& key) { return db.Find(key) != nullptr; };
  EXPECT_FALSE(with("b", finds));
  EXPECT_EQ(heard.events, "0:a@0 expired:a 0:b@0 expired:b ");
  EXPECT_FALSE(with("b", finds));
  EXPECT_TRUE(with("lasts", finds));
  EXPECT_EQ(heard.events, "0:a@0 expired:a 0:b@0 expired:b ");
}

TEST(KeyObserverTest, HearsOfEviction) {
  StoreFixture f;
  Heard heard;
  f.Set("k", "v", kNoExpiry, 2);
  f.store.SetObserver(&heard);
  f.With(2, "k", [](Database& db, const Key& k) { return db.Evict(k); });
  f.With(2, "k", [](Database& db, const Key& k) { return db.Evict(k); });
  EXPECT_EQ(heard.events, "2:k@0 evicted:k ");
}

}  // namespace
}  // namespace duet::store
