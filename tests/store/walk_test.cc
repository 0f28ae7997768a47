// SCAN's guarantee, RANDOMKEY, flush and swap, and many threads at once.
#include <atomic>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "server/store/garbage.h"
#include "tests/store/store_fixture.h"

namespace duet::store {
namespace {

// Keys that stay are visited at least once, whatever comes and goes between the calls.
class ScanTest : public testing::TestWithParam<int> {};

TEST_P(ScanTest, VisitsWhatStaysWhileTablesGrowAndShrink) {
  std::mt19937_64 random(static_cast<uint64_t>(GetParam()));
  for (int round = 0; round < 60; ++round) {
    StoreFixture f(SmallStore(GetParam() % 3));
    std::set<std::string> missing;
    for (uint64_t i = 0; i < 50 + random() % 400; ++i) {
      missing.insert("stays" + std::to_string(i));
      f.Set("stays" + std::to_string(i), "v");
    }
    uint64_t others = random() % 3000;
    for (uint64_t i = 0; i < others; ++i) f.Set("goes" + std::to_string(i), "v");
    uint64_t cursor = 0;
    do {
      cursor = f.Scan(cursor, 1 + random() % 20,
                      [&](std::string_view key, const Entry&) { missing.erase(std::string(key)); });
      const uint64_t target = random() % 4 == 0 ? random() % 6000 : others;
      for (; others < target; ++others) f.Set("goes" + std::to_string(others), "v");
      for (; others > target; --others) f.Erase("goes" + std::to_string(others - 1));
    } while (cursor != 0);
    ASSERT_TRUE(missing.empty()) << *missing.begin();
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, ScanTest, testing::Range(1, 7));

TEST(WalkTest, AnyCursorIsSafeAndEnds) {
  StoreFixture f;
  for (int i = 0; i < 500; ++i) f.Set(std::to_string(i), "v");
  std::mt19937_64 random(1);
  for (int i = 0; i < 100; ++i) {
    uint64_t cursor = random() >> (random() % 64);
    int calls = 0;
    do {
      cursor = f.Scan(cursor, 5, [](std::string_view, const Entry&) {});
      ASSERT_LT(++calls, 1000);
    } while (cursor != 0);
  }
}

TEST(WalkTest, ASmallStoreIsScannedInOneCall) {
  StoreFixture f(SmallStore(10));
  for (int i = 0; i < 9; ++i) f.Set(std::to_string(i), "v");
  int seen = 0;
  EXPECT_EQ(f.Scan(0, 10, [&](std::string_view, const Entry&) { ++seen; }), 0u);
  EXPECT_EQ(seen, 9);
}

TEST(WalkTest, RandomKeyIsNearlyUniform) {
  StoreFixture f(SmallStore(3));
  constexpr int kKeys = 50;
  for (int i = 0; i < kKeys; ++i) f.Set(std::to_string(i), "v");
  std::map<std::string, int> counts;
  std::mt19937_64 random(3);
  ShardLocks none(f.store);
  for (int i = 0; i < kKeys * 200; ++i) ++counts[*f.store.RandomKey(0, 0, random(), none)];
  EXPECT_EQ(counts.size(), size_t{kKeys});
  for (const auto& [key, count] : counts) {
    EXPECT_GT(count, 120) << key;
    EXPECT_LT(count, 300) << key;
  }
  EXPECT_EQ(f.store.RandomKey(1, 0, 1, none), std::nullopt);
}

TEST(WalkTest, WalksUnderAllLocks) {
  StoreFixture f;
  for (int i = 0; i < 100; ++i) f.Set(std::to_string(i), "v");
  ShardLocks all(f.store);
  all.LockAll();
  int seen = 0;
  f.store.ForEach(0, 0, all, [&](std::string_view, const Entry&) { ++seen; });
  EXPECT_EQ(seen, 100);
  EXPECT_EQ(f.store.Scan(0, 0, 1000, 0, all, [&](std::string_view, const Entry&) { ++seen; }), 0u);
  EXPECT_EQ(seen, 200);
  EXPECT_TRUE(f.store.RandomKey(0, 0, 9, all).has_value());
  EXPECT_EQ(f.store.Stats().keys, 100u);
}

TEST(WalkTest, FlushGivesGarbageBackAndSwapExchanges) {
  StoreFixture f;
  for (int i = 0; i < 1000; ++i) f.Set(std::to_string(i), "v", i % 2 ? f.now_ms + 5 : kNoExpiry);
  f.Set("other", "v", kNoExpiry, 1);
  std::unique_ptr<Garbage> garbage;
  uint64_t dropped = 0;
  {
    ShardLocks locks(f.store);
    locks.LockAll();
    f.store.Swap(0, 1, locks, f.now_ms);
    garbage = f.store.Flush(1, locks, &dropped);
  }
  EXPECT_EQ(dropped, 1000u);
  EXPECT_EQ(garbage->keys(), 1000u);
  EXPECT_EQ(f.Get("other"), "v");
  EXPECT_EQ(f.Size(1), 0u);
  EXPECT_EQ(f.store.Stats(1).entry_bytes, 0u);
  EXPECT_EQ(f.store.Stats().keys_with_expiry, 0u);
  f.Set("new", "v", f.now_ms + 5, 1);
  garbage.reset();
  f.now_ms += 5;
  EXPECT_EQ(f.store.EraseExpired(f.now_ms, 10), 1u);
  f.Check();
}

// A sanitizer sees what is freed twice, or not.
TEST(WalkTest, GarbageIsFreedLittleByLittle) {
  StoreFixture f;
  for (int i = 0; i < 1000; ++i) f.Set(std::to_string(i), std::string(100, 'v'), kNoExpiry);
  std::unique_ptr<Garbage> garbage;
  {
    ShardLocks locks(f.store);
    locks.LockAll();
    uint64_t dropped = 0;
    garbage = f.store.Flush(0, locks, &dropped);
  }
  int steps = 1;
  while (garbage->FreeSome(5)) ++steps;
  EXPECT_GE(steps, 1000 / 8 / 5);
  EXPECT_EQ(garbage->keys(), 0u);
  EXPECT_FALSE(garbage->FreeSome(5));
}

TEST(WalkTest, GarbageThatIsHalfFreedIsFreed) {
  StoreFixture f;
  for (int i = 0; i < 1000; ++i) f.Set(std::to_string(i), "v", kNoExpiry);
  ShardLocks locks(f.store);
  locks.LockAll();
  uint64_t dropped = 0;
  const std::unique_ptr<Garbage> garbage = f.store.Flush(0, locks, &dropped);
  EXPECT_TRUE(garbage->FreeSome(20));
}

// Each thread counts up counters that all share; walkers, flushers of another database and the
// expiry task run beside them.
TEST(WalkTest, ManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kSteps = 20'000;
  constexpr int kCounters = 50;
  Store store(SmallStore(3));
  std::atomic<int> running{kThreads};
  const auto count_up = [&](int seed) {
    std::mt19937_64 random(static_cast<uint64_t>(seed));
    for (int step = 0; step < kSteps; ++step) {
      const std::string names[] = {"c" + std::to_string(random() % kCounters),
                                   "t" + std::to_string(random() % 2000)};
      const Key keys[] = {store.MakeKey(names[0]), store.MakeKey(names[1])};
      for (const Key& key : keys) store.PrefetchBucket(0, key.hash);
      for (const Key& key : keys) store.PrefetchEntry(0, key.hash);
      ShardLocks locks(store);
      locks.Lock(keys);
      Database db(store, locks, 0, step);
      const Entry* entry = db.Find(keys[0]);
      db.SetIntegerKeepExpiry(keys[0], entry == nullptr ? 1 : entry->integer() + 1);
      db.SetString(keys[1], names[0], step + 1 + static_cast<int64_t>(random() % 50));
      Database first = db.Sibling(1);
      db.Copy(keys[0], first, keys[1]);
    }
    --running;
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(count_up, i);
  threads.emplace_back([&] {
    uint64_t cursor = 0;
    while (running > 0) {
      ShardLocks locks(store);
      cursor = store.Scan(0, cursor, 20, 0, locks, [](std::string_view, const Entry&) {});
      store.EraseExpired(kSteps / 2, 100);
      (void)store.Stats();
    }
  });
  threads.emplace_back([&] {
    while (running > 0) {
      std::unique_ptr<Garbage> garbage;
      ShardLocks locks(store);
      locks.LockAll();
      uint64_t dropped = 0;
      garbage = store.Flush(1, locks, &dropped);
      store.Swap(1, 2, locks, /*now_ms=*/0);
      locks.Unlock();
    }
  });
  for (std::thread& thread : threads) thread.join();
  int64_t total = 0;
  ShardLocks none(store);
  store.ForEach(0, 0, none, [&](std::string_view key, const Entry& entry) {
    if (key[0] == 'c') total += entry.integer();
  });
  EXPECT_EQ(total, int64_t{kThreads} * kSteps);
  store.CheckInvariants();
}

}  // namespace
}  // namespace duet::store
