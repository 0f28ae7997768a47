#include "server/runtime/notify.h"

#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

using NotifyTest = RuntimeTest;

Task<bool> WaitFor(Notify* notify, CancelToken token) {
  const bool notified = co_await notify->Wait(token);
  co_return notified;
}
Task<> PingPong(Notify* mine, Notify* other, int times) {
  for (int i = 0; i < times; ++i) {
    const bool notified = co_await mine->Wait();
    EXPECT_TRUE(notified);
    other->NotifyOne();
  }
}

TEST_F(NotifyTest, OneIsRememberedOnce) {
  Notify notify;
  notify.NotifyOne();
  notify.NotifyOne();
  EXPECT_TRUE(Run(WaitFor(&notify, {})));
  auto second = runtime_.Spawn(WaitFor(&notify, {}));
  Settle();
  EXPECT_FALSE(second.done());
  notify.NotifyOne();
  EXPECT_TRUE(*second.JoinBlocking());
}

TEST_F(NotifyTest, AllWakesThoseWhoWait) {
  Notify notify;
  auto first = runtime_.SpawnOn(worker(0), WaitFor(&notify, {}));
  auto second = runtime_.SpawnOn(worker(1), WaitFor(&notify, {}));
  Settle(0);
  Settle(1);
  notify.NotifyAll();
  EXPECT_TRUE(*first.JoinBlocking());
  EXPECT_TRUE(*second.JoinBlocking());
}

TEST_F(NotifyTest, CancelledBeforeAndDuring) {
  Notify notify;
  CancelSource source;
  auto waiting = runtime_.Spawn(WaitFor(&notify, source.token()));
  Settle();
  source.Cancel();
  EXPECT_FALSE(*waiting.JoinBlocking());
  EXPECT_FALSE(Run(WaitFor(&notify, source.token())));
}

TEST_F(NotifyTest, PingPongBetweenWorkers) {
  Notify ping;
  Notify pong;
  auto first = runtime_.SpawnOn(worker(0), PingPong(&ping, &pong, 1000));
  auto second = runtime_.SpawnOn(worker(1), PingPong(&pong, &ping, 1000));
  ping.NotifyOne();
  EXPECT_TRUE(first.JoinBlocking().has_value());
  EXPECT_TRUE(second.JoinBlocking().has_value());
}

}  // namespace
}  // namespace duet::runtime
