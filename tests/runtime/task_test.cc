#include "server/runtime/task.h"

#include <memory>
#include <string>
#include <vector>

#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

using TaskTest = RuntimeTest;

Task<int> Answer() { co_return 42; }
Task<int> Twice(Task<int> inner) {
  const int value = co_await std::move(inner);
  co_return 2 * value;
}
Task<std::unique_ptr<int>> MoveOnly() { co_return std::make_unique<int>(7); }
Task<int> Sum(int n) {
  int sum = 0;
  for (int i = 0; i < n; ++i) sum += co_await Answer();
  co_return sum;
}
Task<int> Depth(int n) {
  if (n == 0) co_return 0;
  const int below = co_await Depth(n - 1);
  co_return below + 1;
}
Task<> Note(std::vector<int>* order, int value) {
  order->push_back(value);
  co_return;
}
Task<int> JoinOther(Runtime& runtime, Worker& other) {
  JoinHandle<int> handle = runtime.SpawnOn(other, Answer());
  const JoinResult<int> result = co_await handle.Join();
  co_return *result;
}
Task<bool> Hop(Worker& from, Worker& to, int times) {
  bool right = from.RunsOnThisThread();
  for (int i = 0; i < times; ++i) {
    co_await SwitchTo(to);
    right = right && to.RunsOnThisThread();
    co_await SwitchTo(from);
    right = right && from.RunsOnThisThread();
  }
  co_return right;
}

TEST_F(TaskTest, GivesItsValue) { EXPECT_EQ(Run(Answer()), 42); }

TEST_F(TaskTest, TakesATaskAsAParameter) { EXPECT_EQ(Run(Twice(Answer())), 84); }

TEST_F(TaskTest, ValueMayBeMoveOnly) { EXPECT_EQ(*Run(MoveOnly()), 7); }

TEST_F(TaskTest, AwaitsInALoopNeedNoStack) { EXPECT_EQ(Run(Sum(10'000)), 420'000); }

TEST_F(TaskTest, ChainOfCallers) { EXPECT_EQ(Run(Depth(1'000)), 1'000); }

TEST(LazyTaskTest, NothingRunsBeforeTheAwait) {
  std::vector<int> order;
  {
    Task<> task = Note(&order, 1);
    EXPECT_TRUE(static_cast<bool>(task));
    Task<> moved = std::move(task);
    EXPECT_FALSE(static_cast<bool>(task));
  }
  EXPECT_TRUE(order.empty());
}

TEST_F(TaskTest, SpawnedTasksStartInOrder) {
  std::vector<int> order;
  std::vector<JoinHandle<void>> handles;
  for (int i = 0; i < 100; ++i) {
    handles.push_back(runtime_.SpawnOn(worker(1), Note(&order, i)));
  }
  for (auto& handle : handles) EXPECT_TRUE(handle.JoinBlocking().has_value());
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(TaskTest, JoinsATaskOfAnotherWorker) {
  for (int i = 0; i < 200; ++i) EXPECT_EQ(Run(JoinOther(runtime_, worker(1))), 42);
}

TEST_F(TaskTest, JoinsATaskOfItsOwnWorker) { EXPECT_EQ(Run(JoinOther(runtime_, worker(0))), 42); }

TEST_F(TaskTest, SwitchesWorkers) { EXPECT_TRUE(Run(Hop(worker(0), worker(1), 500))); }

TEST_F(TaskTest, ManyThreadsSpawnAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> sum{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        JoinHandle<int> handle = runtime_.SpawnOn(worker((t + i) % 2), Answer());
        sum += *handle.JoinBlocking();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum.load(), 4 * 200 * 42);
}

TEST(SpawnTest, WaitsForTheStart) {
  Runtime runtime({.threads = 1});
  JoinHandle<int> handle = runtime.Spawn(Answer());
  EXPECT_FALSE(handle.done());
  runtime.Start();
  EXPECT_EQ(*handle.JoinBlocking(), 42);
  runtime.ShutdownAndJoinBlocking();
}

TEST(SpawnTest, AfterTheShutdownTheJoinSaysCancelled) {
  Runtime runtime({.threads = 1});
  runtime.Start();
  runtime.ShutdownAndJoinBlocking();
  JoinHandle<int> handle = runtime.Spawn(Answer());
  EXPECT_TRUE(handle.done());
  EXPECT_EQ(handle.JoinBlocking(), std::nullopt);
}

TEST(SpawnTest, DefaultThreadsAreTheAvailableCpus) {
  Runtime runtime({});
  EXPECT_GE(runtime.size(), 1);
  EXPECT_EQ(runtime.active_workers(), 1);
}

}  // namespace
}  // namespace duet::runtime
