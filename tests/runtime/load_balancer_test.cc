#include "server/runtime/load_balancer.h"

#include "server/runtime/notify.h"
#include "server/runtime/stream.h"
#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

class LoadBalancerTest : public RuntimeTest {
 protected:
  LoadBalancerTest() : RuntimeTest(3) {}
  void ActivateAll() {
    busy_probe_.share = 1.0;
    cpu_probe_.idle_cores = 1.0;
    while (runtime_.active_workers() < runtime_.size()) {
      Advance(100);
      Settle();
    }
  }
};

Task<> HoldStream(Worker& worker, UniqueFd fd, Notify* until) {
  Stream stream(worker, std::move(fd));
  co_await until->Wait();
}

TEST_F(LoadBalancerTest, SingleThreadedPolicyNeverActivates) {
  cpu_probe_.idle_cores = 0;
  busy_probe_.share = 1.0;
  for (int i = 0; i < 20; ++i) {
    Advance(100);
    Settle();
  }
  EXPECT_EQ(runtime_.active_workers(), 1);
  EXPECT_GE(busy_probe_.windows.load(), 10);
}

TEST_F(LoadBalancerTest, NewConnectionsGoToTheWorkerWithTheFewest) {
  ActivateAll();
  Notify until;
  std::vector<SocketPair> pairs(9);
  std::vector<JoinHandle<void>> tasks;
  for (auto& pair : pairs) {
    Worker& home = runtime_.WorkerForNewConnection();
    tasks.push_back(runtime_.SpawnOn(home, HoldStream(home, std::move(pair.near), &until)));
    Settle(home.index());
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(worker(i).stream_count(), 3);
  EXPECT_EQ(runtime_.balancer().ClaimMove(worker(0)), nullptr);
  until.NotifyAll();
  for (auto& task : tasks) EXPECT_TRUE(task.JoinBlocking().has_value());
}

TEST_F(LoadBalancerTest, AWorkerWithTooManyGivesAwayItsExcessAndNoMore) {
  Notify until;
  std::vector<SocketPair> pairs(9);
  std::vector<JoinHandle<void>> tasks;
  for (auto& pair : pairs) {
    tasks.push_back(runtime_.Spawn(HoldStream(worker(0), std::move(pair.near), &until)));
  }
  Settle();
  ActivateAll();
  EXPECT_EQ(worker(0).moves_wanted(), 6);
  int claimed = 0;
  while (runtime_.balancer().ClaimMove(worker(0)) != nullptr) ++claimed;
  EXPECT_EQ(claimed, 6);
  EXPECT_EQ(runtime_.balancer().ClaimMove(worker(1)), nullptr);
  until.NotifyAll();
  for (auto& task : tasks) EXPECT_TRUE(task.JoinBlocking().has_value());
}

}  // namespace
}  // namespace duet::runtime
