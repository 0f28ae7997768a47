// maxmemory in one process, where nothing but the data counts: what is refused, what goes, and that
// the figures agree.
#include "server/commands/memory_bound.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "server/store/database.h"
#include "server/store/shard_locks.h"
#include "tests/support/command_fixture.h"

namespace duet::commands {
namespace {

using Room = MemoryBound::Room;

constexpr char kOom[] = "-OOM command not allowed when used memory > 'maxmemory'.";

class MemoryBoundTest : public testing::CommandFixture {
 protected:
  MemoryBound& bound() { return *engine().memory; }
  uint64_t Used() { return bound().UsedBytes(engine().clock.WallMs()); }
  uint64_t Evicted() { return counters().evicted_keys.Value(); }
  // The bound lies `more_bytes` above what is used now.
  void Bound(MemoryPolicy policy, uint64_t more_bytes = 0) {
    limits_.policy = policy;
    limits_.max_bytes = Used() + more_bytes;
    bound().SetLimits(limits_);
  }
  void Set(const std::string& key, const std::string& value = "value") {
    ASSERT_EQ(Run({"set", key, value}), "+OK");
  }
  void SetExpiring(const std::string& key, int64_t seconds = 10'000) {
    ASSERT_EQ(Run({"set", key, "value", "ex", std::to_string(seconds)}), "+OK");
  }
  bool Exists(const std::string& key) { return Run({"exists", key}) == ":1"; }
  void Fill(const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i) Set(prefix + std::to_string(i));
  }

  MemoryLimits limits_{.tenacity = 100};
};

TEST_F(MemoryBoundTest, CountsEveryByteOfTheData) {
  const auto check = [this] {
    const store::StoreStats stats = engine().store->Stats();
    EXPECT_EQ(bound().DataBytes(), stats.entry_bytes + stats.table_bytes);
    EXPECT_EQ(Used(), bound().DataBytes());
  };
  check();
  Fill("key:", 1000);
  check();
  for (int i = 0; i < 1000; ++i) SetExpiring("key:" + std::to_string(i), 1 + i % 100);
  Run({"append", "key:1", std::string(5000, 'x')});
  Run({"rename", "key:2", "a longer name than it had"});
  Run({"copy", "key:3", "elsewhere", "db", "7"});
  Run({"move", "key:4", "3"});
  check();
  AdvanceTime(50'000);
  Run({"get", "key:1"});
  Run({"set", "key:2", "again"});
  engine().store->EraseExpired(engine().clock.WallMs(), 10'000);
  check();
  Run({"swapdb", "0", "7"});
  check();
  Run({"flushdb"});
  check();
  Run({"flushall"});
  EXPECT_EQ(Used(), 0u);
}

TEST_F(MemoryBoundTest, AWorkerThatFreedMoreThanIsCountedMakesNoHugeFigure) {
  Bound(MemoryPolicy::kNoEviction, 1'000'000);
  engine().registry.worker(0).data_growth.Add(static_cast<uint64_t>(-1000));
  EXPECT_EQ(Used(), 0u);
  Set("key");
  engine().registry.worker(0).data_growth.Add(1000);
  EXPECT_GT(Used(), 0u);
}

TEST_F(MemoryBoundTest, WithoutEvictionRefusesWhatTakesMemory) {
  Set("k", "10");
  Bound(MemoryPolicy::kNoEviction);
  EXPECT_EQ(Run({"set", "other", "v"}), "+OK");  // what is used is not more than the bound yet
  EXPECT_EQ(Run({"set", "third", "v"}), kOom);
  EXPECT_EQ(Run({"append", "k", "v"}), kOom);
  EXPECT_EQ(Run({"incr", "k"}), kOom);
  EXPECT_EQ(Run({"get", "k"}), "\"10\"");
  EXPECT_EQ(Run({"expire", "k", "100"}), ":1");
  EXPECT_EQ(Run({"del", "other"}), ":1");
  EXPECT_EQ(Run({"set", "third", "v"}), "+OK");
  EXPECT_EQ(counters().errors[static_cast<size_t>(ErrorWord::kOom)].Value(), 3u);
  limits_.max_bytes = 0;
  bound().SetLimits(limits_);
  EXPECT_EQ(Run({"set", "fourth", "v"}), "+OK");
}

class EveryPolicyTest : public MemoryBoundTest,
                        public ::testing::WithParamInterface<MemoryPolicy> {};

TEST_P(EveryPolicyTest, HoldsTheBound) {
  Bound(GetParam(), 40'000);
  int written = 0;
  for (; Evicted() == 0; ++written) SetExpiring("key:" + std::to_string(written));
  EXPECT_GT(written, 200);
  for (int i = 0; i < 5000; ++i) {
    SetExpiring("more:" + std::to_string(i));
    // What it evicts for a command can only be what came before it.
    ASSERT_LE(Used(), limits_.max_bytes + 4096);
  }
  EXPECT_GT(Evicted(), 4000u);
  EXPECT_GT(engine().store->Stats().keys, 100u);
  engine().store->CheckInvariants();
}

TEST_P(EveryPolicyTest, TouchesOnlyWhatItMay) {
  Fill("lasting:", 100);
  for (int i = 0; i < 100; ++i) SetExpiring("expiring:" + std::to_string(i));
  Bound(GetParam());
  const bool is_volatile = IsVolatile(GetParam());
  for (int i = 0; i < 99; ++i) Run({"set", "new:" + std::to_string(i), "value"});
  EXPECT_GT(Evicted(), 50u);
  int lasting = 0;
  for (int i = 0; i < 100; ++i) lasting += Exists("lasting:" + std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(lasting == 100, is_volatile) << lasting;
}

TEST_P(EveryPolicyTest, SaysWhenNothingIsLeftToEvict) {
  Fill("lasting:", 10);
  SetExpiring("expiring");
  Bound(GetParam());
  EXPECT_EQ(Run({"set", "big", std::string(100'000, 'x')}), "+OK");
  if (IsVolatile(GetParam())) {
    EXPECT_EQ(Run({"set", "k", "v"}), kOom);
    EXPECT_FALSE(Exists("expiring"));
    EXPECT_TRUE(Exists("lasting:0"));
    EXPECT_EQ(Run({"get", "lasting:0"}), "\"value\"");
  } else {
    EXPECT_EQ(Run({"set", "k", "v"}), "+OK");
    EXPECT_FALSE(Exists("big"));
  }
}

TEST_P(EveryPolicyTest, EvictsFromAllDatabases) {
  for (const char* database : {"0", "5", "15"}) {
    Run({"select", database});
    for (int i = 0; i < 50; ++i) SetExpiring("key:" + std::to_string(i));
  }
  limits_.policy = GetParam();
  limits_.max_bytes = 1;
  bound().SetLimits(limits_);
  EXPECT_EQ(Run({"get", "k"}), "nil");
  EXPECT_EQ(engine().store->Stats().keys, 0u);
  EXPECT_EQ(Evicted(), 150u);
  EXPECT_EQ(Used(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Policies, EveryPolicyTest,
                         ::testing::Values(MemoryPolicy::kAllKeysLru, MemoryPolicy::kAllKeysLfu,
                                           MemoryPolicy::kAllKeysRandom, MemoryPolicy::kVolatileLru,
                                           MemoryPolicy::kVolatileLfu,
                                           MemoryPolicy::kVolatileRandom,
                                           MemoryPolicy::kVolatileTtl),
                         [](const auto& param) {
                           return "policy_" + std::to_string(static_cast<int>(param.param));
                         });

TEST_F(MemoryBoundTest, LruKeepsWhatIsUsed) {
  Fill("old:", 1000);
  AdvanceTime(10'000);
  Fill("new:", 1000);
  AdvanceTime(10'000);
  for (int i = 0; i < 100; ++i) Run({"get", "old:" + std::to_string(i)});
  Bound(MemoryPolicy::kAllKeysLru);
  for (int i = 0; Evicted() < 700; ++i) Set("more:" + std::to_string(i));
  int used = 0;
  int recent = 0;
  for (int i = 0; i < 100; ++i) used += Exists("old:" + std::to_string(i)) ? 1 : 0;
  for (int i = 0; i < 1000; ++i) recent += Exists("new:" + std::to_string(i)) ? 1 : 0;
  EXPECT_GT(used, 98);
  EXPECT_GT(recent, 950);
}

TEST_F(MemoryBoundTest, LfuKeepsWhatIsOftenUsed) {
  limits_.policy = MemoryPolicy::kAllKeysLfu;
  bound().SetLimits(limits_);
  Fill("key:", 1000);
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 100; ++i) Run({"get", "key:" + std::to_string(i)});
  }
  Bound(MemoryPolicy::kAllKeysLfu);
  for (int i = 0; Evicted() < 700; ++i) Set("more:" + std::to_string(i));
  int kept = 0;
  for (int i = 0; i < 100; ++i) kept += Exists("key:" + std::to_string(i)) ? 1 : 0;
  EXPECT_GT(kept, 98);
}

TEST_F(MemoryBoundTest, TtlTakesTheNextToExpire) {
  for (int i = 0; i < 1000; ++i) SetExpiring("key:" + std::to_string(i), 10'000 + i);
  Bound(MemoryPolicy::kVolatileTtl);
  for (int i = 0; Evicted() < 300; ++i) Set("more:" + std::to_string(i));
  int soon = 0;
  for (int i = 0; i < 200; ++i) soon += Exists("key:" + std::to_string(i)) ? 1 : 0;
  EXPECT_LT(soon, 5);
  for (int i = 450; i < 1000; ++i) EXPECT_TRUE(Exists("key:" + std::to_string(i))) << i;
}

// A millisecond passes whenever somebody asks how many have.
class HurriedClock final : public Clock {
 public:
  int64_t WallMs() const override { return testing::kStartMs; }
  int64_t WallUs() const override { return testing::kStartMs * 1000; }
  int64_t MonotonicNs() const override { return asked_++ * 1'000'000; }

 private:
  mutable int64_t asked_ = 0;
};

TEST_F(MemoryBoundTest, StopsAfterATimeAndGoesOnLater) {
  Fill("key:", 200);
  HurriedClock clock;
  engine().server.clock = &clock;
  MemoryBound hurried(
      engine().server, [] { return uint64_t{1'000'000'000}; }, 7);
  hurried.SetLimits({.max_bytes = 1, .policy = MemoryPolicy::kAllKeysRandom});
  metrics::WorkerCounters& worker = engine().registry.worker(0);
  EXPECT_EQ(hurried.MakeRoom(worker, clock.WallMs()), Room::kRunning);
  EXPECT_EQ(Evicted(), 15u);
  hurried.SetLimits({.max_bytes = 1, .policy = MemoryPolicy::kAllKeysRandom, .tenacity = 50});
  EXPECT_EQ(hurried.MakeRoom(worker, clock.WallMs()), Room::kNone);
  EXPECT_EQ(Evicted(), 200u);
}

TEST_F(MemoryBoundTest, AsksTheAllocatorEvery100Ms) {
  static uint64_t allocated = 0;
  MemoryBound asking(
      engine().server, [] { return allocated; }, 7);
  const auto used = [&] { return asking.UsedBytes(engine().clock.WallMs()); };
  allocated = 1'000'000;
  EXPECT_EQ(used(), 1'000'000u);
  allocated = 2'000'000;
  AdvanceTime(9);
  EXPECT_EQ(used(), 1'000'000u);
  Set("k", std::string(1000, 'x'));  // the data is known at all times
  const uint64_t with_data = used();
  EXPECT_GT(with_data, 1'001'000u);
  AdvanceTime(1);
  EXPECT_EQ(used(), 2'000'000u);
  allocated = 500'000;
  AdvanceTime(10);
  EXPECT_EQ(used(), 500'000u);
  EXPECT_EQ(asking.PeakBytes(engine().clock.WallMs()), 2'000'000u);
  allocated = 600'000;
  AdvanceTime(1);
  EXPECT_EQ(asking.UsedBytesNow(engine().clock.WallMs()), 500'000u);
  AdvanceTime(1);
  EXPECT_EQ(used(), 500'000u);
  EXPECT_EQ(asking.UsedBytesNow(engine().clock.WallMs()), 600'000u);
}

TEST_F(MemoryBoundTest, LooksAgainWhenTheLimitsChange) {
  Bound(MemoryPolicy::kNoEviction, 1 << 20);
  Set("k");
  limits_.max_bytes = 1;
  bound().SetLimits(limits_);
  EXPECT_EQ(Run({"set", "k", "v"}), kOom);
}

TEST_F(MemoryBoundTest, WorkersTogetherStayWithinTheBound) {
  // Each writes as far as its allowance goes, without the others noticing.
  Bound(MemoryPolicy::kNoEviction, 300'000);
  int written = 0;
  for (bool room = true; room; ++written) {
    engine().session->counters = &engine().registry.worker(static_cast<size_t>(written) % 4);
    room = Run({"set", "key:" + std::to_string(written), std::string(100, 'x')}) == "+OK";
  }
  EXPECT_GT(Used(), limits_.max_bytes);
  EXPECT_LT(Used(), limits_.max_bytes + 4096);
}

TEST_F(MemoryBoundTest, PausedWritesKeepAllKeys) {
  Fill("key:", 100);
  EXPECT_EQ(Run({"client", "pause", "1000", "write"}), "+OK");
  limits_ = {.max_bytes = 1, .policy = MemoryPolicy::kAllKeysLru, .tenacity = 100};
  bound().SetLimits(limits_);
  EXPECT_EQ(Run({"get", "key:1"}), "\"value\"");
  EXPECT_EQ(Evicted(), 0u);
}

}  // namespace
}  // namespace duet::commands
