#include "server/runtime/doorbell.h"

#include <thread>
#include <vector>

#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

using DoorbellTest = RuntimeTest;

struct CountingHandler final : public Doorbell::Handler {
  explicit CountingHandler(Worker& where) : worker(&where) {}
  void OnRing() override {
    EXPECT_TRUE(worker->RunsOnThisThread());
    ++rings;
  }
  Worker* worker;
  int rings = 0;
};

Task<> AttachTo(Doorbell& bell, Worker& worker, CountingHandler& handler) {
  handler.worker = &worker;
  bell.Attach(worker, handler);
  co_return;
}
Task<> DetachFrom(Doorbell& bell) {
  bell.Detach();
  co_return;
}
Task<> RingOften(Doorbell& bell, int times) {
  for (int i = 0; i < times; ++i) bell.Ring();
  co_return;
}

TEST_F(DoorbellTest, RingsReachTheHandlerOnItsWorker) {
  const std::shared_ptr<Doorbell> bell = Doorbell::Make();
  CountingHandler handler(worker());
  Run(AttachTo(*bell, worker(), handler));
  bell->Ring();
  Settle();
  EXPECT_EQ(handler.rings, 1);
  bell->Ring();
  Settle();
  EXPECT_EQ(handler.rings, 2);
  Run(DetachFrom(*bell));
}

TEST_F(DoorbellTest, RingsBetweenTwoAnswersAreOne) {
  const std::shared_ptr<Doorbell> bell = Doorbell::Make();
  CountingHandler handler(worker());
  Run(AttachTo(*bell, worker(), handler));
  // On the worker itself: the answer comes after the task.
  Run(RingOften(*bell, 5));
  Settle();
  EXPECT_EQ(handler.rings, 1);
  Run(DetachFrom(*bell));
}

TEST_F(DoorbellTest, ARingIsKeptForWhoIsAttachedNext) {
  const std::shared_ptr<Doorbell> bell = Doorbell::Make();
  CountingHandler handler(worker());
  bell->Ring();
  Run(AttachTo(*bell, worker(), handler));
  Settle();
  EXPECT_EQ(handler.rings, 1);
  Run(DetachFrom(*bell));
  bell->Ring();
  Settle();
  EXPECT_EQ(handler.rings, 1);
}

TEST_F(DoorbellTest, ARingFollowsTheHandlerToAnotherWorker) {
  const std::shared_ptr<Doorbell> bell = Doorbell::Make();
  CountingHandler handler(worker(0));
  RunOn(worker(0), AttachTo(*bell, worker(0), handler));
  bell->Ring();  // may still be on its way when the handler leaves
  RunOn(worker(0), DetachFrom(*bell));
  RunOn(worker(1), AttachTo(*bell, worker(1), handler));
  Settle(0);
  Settle(1);
  EXPECT_EQ(handler.rings, 1);
  RunOn(worker(1), DetachFrom(*bell));
}

TEST_F(DoorbellTest, TheBellMayDieWithARingUnderWay) {
  CountingHandler handler(worker());
  std::shared_ptr<Doorbell> bell = Doorbell::Make();
  Run(AttachTo(*bell, worker(), handler));
  bell->Ring();
  Run(DetachFrom(*bell));
  bell.reset();
  Settle();
  EXPECT_LE(handler.rings, 1);
}

// Each ring is answered, or falls together with one that is answered after it.
TEST_F(DoorbellTest, ManyThreadsRingWhileTheHandlerMoves) {
  const std::shared_ptr<Doorbell> bell = Doorbell::Make();
  CountingHandler handler(worker(0));
  RunOn(worker(0), AttachTo(*bell, worker(0), handler));
  std::vector<std::thread> ringers;
  for (int i = 0; i < 3; ++i) {
    ringers.emplace_back([&bell] {
      for (int n = 0; n < 2000; ++n) bell->Ring();
    });
  }
  int at = 0;
  for (int i = 0; i < 200; ++i) {
    RunOn(worker(at), DetachFrom(*bell));
    at = 1 - at;
    RunOn(worker(at), AttachTo(*bell, worker(at), handler));
  }
  for (std::thread& ringer : ringers) ringer.join();
  Settle(at);
  const int before = handler.rings;
  EXPECT_GE(before, 1);
  bell->Ring();
  Settle(at);
  EXPECT_EQ(handler.rings, before + 1);
  RunOn(worker(at), DetachFrom(*bell));
}

}  // namespace
}  // namespace duet::runtime
