#include "server/runtime/shutdown_signal.h"

#include <pthread.h>

#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

// The signals are blocked before any thread starts, as in main().
class ShutdownSignalTest : public ::testing::Test {
 protected:
  ShutdownSignalTest() { runtime_.Start(); }
  ~ShutdownSignalTest() override { runtime_.ShutdownAndJoinBlocking(); }
  ShutdownSignal signal_;
  Runtime runtime_{{.threads = 1}};
};

Task<> Nothing() { co_return; }

TEST_F(ShutdownSignalTest, ATaskGetsTheSignal) {
  auto waiting = runtime_.Spawn(signal_.Wait(runtime_.worker(0)));
  pthread_kill(pthread_self(), SIGINT);
  // A signal to a thread is read by that thread only; the process's by anyone.
  EXPECT_EQ(signal_.WaitBlocking(), SIGINT);
  kill(getpid(), SIGTERM);
  EXPECT_EQ(*waiting.JoinBlocking(), SIGTERM);
}

TEST_F(ShutdownSignalTest, TriggerCountsAsSigterm) {
  auto waiting = runtime_.Spawn(signal_.Wait(runtime_.worker(0)));
  signal_.Trigger();
  EXPECT_EQ(*waiting.JoinBlocking(), SIGTERM);
}

TEST_F(ShutdownSignalTest, WaitBlockingSeesATriggerToo) {
  signal_.Trigger();
  EXPECT_EQ(signal_.WaitBlocking(), SIGTERM);
}

TEST_F(ShutdownSignalTest, WaitCanBeCancelledBeforeAndDuring) {
  CancelSource source;
  auto waiting = runtime_.Spawn(signal_.Wait(runtime_.worker(0), source.token()));
  EXPECT_TRUE(runtime_.Spawn(Nothing()).JoinBlocking().has_value());
  EXPECT_FALSE(waiting.done());
  source.Cancel();
  EXPECT_EQ(*waiting.JoinBlocking(), 0);
  auto late = runtime_.Spawn(signal_.Wait(runtime_.worker(0), source.token()));
  EXPECT_EQ(*late.JoinBlocking(), 0);
}

}  // namespace
}  // namespace duet::runtime
