#include "server/runtime/task_group.h"

#include "server/runtime/notify.h"
#include "server/runtime/timer.h"
#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

using TaskGroupTest = RuntimeTest;

Task<> Count(std::atomic<int>* count) {
  ++*count;
  co_return;
}
Task<> UntilCancelled(Worker& worker, CancelToken token, std::atomic<int>* cancelled) {
  const bool elapsed = co_await Sleep(worker, std::chrono::hours(1), token);
  if (!elapsed) ++*cancelled;
}
Task<> Fork(TaskGroup* group, int depth, std::atomic<int>* count) {
  ++*count;
  if (depth == 0) co_return;
  group->Spawn(Fork(group, depth - 1, count));
  group->Spawn(Fork(group, depth - 1, count));
}
Task<int> SpawnAndJoin(Runtime& runtime, int n) {
  std::atomic<int> count{0};
  TaskGroup group(runtime);
  for (int i = 0; i < n; ++i) group.SpawnOn(runtime.worker(i % 2), Count(&count));
  const bool joined = co_await group.Join();
  EXPECT_TRUE(joined);
  co_return count.load();
}
Task<bool> JoinWith(TaskGroup* group, CancelToken token) {
  const bool joined = co_await group->Join(token);
  co_return joined;
}

TEST_F(TaskGroupTest, JoinWaitsForAll) {
  for (int round = 0; round < 20; ++round) EXPECT_EQ(Run(SpawnAndJoin(runtime_, 50)), 50);
}

TEST_F(TaskGroupTest, EmptyGroupIsJoinedAtOnce) { EXPECT_EQ(Run(SpawnAndJoin(runtime_, 0)), 0); }

TEST_F(TaskGroupTest, TasksSpawnIntoTheirGroup) {
  std::atomic<int> count{0};
  TaskGroup group(runtime_);
  EXPECT_TRUE(group.Spawn(Fork(&group, 6, &count)));
  group.JoinBlocking();
  EXPECT_EQ(count.load(), 127);
}

TEST_F(TaskGroupTest, CancelEndsTheTasks) {
  std::atomic<int> cancelled{0};
  TaskGroup group(runtime_);
  for (int i = 0; i < 10; ++i) {
    group.SpawnOn(worker(i % 2), UntilCancelled(worker(i % 2), group.token(), &cancelled));
  }
  EXPECT_EQ(group.size(), 10u);
  group.Cancel();
  group.JoinBlocking();
  EXPECT_EQ(cancelled.load(), 10);
}

TEST_F(TaskGroupTest, JoinCanBeCancelled) {
  std::atomic<int> cancelled{0};
  TaskGroup group(runtime_);
  group.Spawn(UntilCancelled(worker(), group.token(), &cancelled));
  CancelSource give_up;
  JoinHandle<bool> join = runtime_.SpawnOn(worker(1), JoinWith(&group, give_up.token()));
  Settle(1);
  give_up.Cancel();
  EXPECT_FALSE(*join.JoinBlocking());
  group.Cancel();
  group.JoinBlocking();
}

TEST(TaskGroupShutdownTest, RefusesTasks) {
  Runtime runtime({.threads = 1});
  runtime.Start();
  runtime.ShutdownAndJoinBlocking();
  std::atomic<int> count{0};
  TaskGroup group(runtime);
  EXPECT_FALSE(group.Spawn(Count(&count)));
  EXPECT_EQ(group.size(), 0u);
  EXPECT_EQ(count.load(), 0);
}

}  // namespace
}  // namespace duet::runtime
