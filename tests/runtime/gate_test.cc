#include "server/runtime/gate.h"

#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

using GateTest = RuntimeTest;

Task<bool> Drain(Gate* gate, CancelToken token) {
  const bool drained = co_await gate->Drained(token);
  co_return drained;
}
Task<> PassThrough(Gate* gate, Worker& worker, std::atomic<int>* inside) {
  for (;;) {
    const Gate::Pass pass = gate->Enter();
    if (!pass) co_return;
    ++*inside;
    co_await SwitchTo(worker);
    --*inside;
  }
}

TEST_F(GateTest, DrainWaitsForThoseInside) {
  Gate gate;
  Gate::Pass pass = gate.Enter();
  EXPECT_TRUE(static_cast<bool>(pass));
  EXPECT_EQ(gate.in_flight(), 1u);
  auto drain = runtime_.Spawn(Drain(&gate, {}));
  gate.Close();
  gate.Close();
  EXPECT_TRUE(gate.closed());
  EXPECT_FALSE(static_cast<bool>(gate.Enter()));
  Settle();
  EXPECT_FALSE(drain.done());
  EXPECT_FALSE(gate.DrainedBlocking(absl::ZeroDuration()));
  pass = Gate::Pass();
  EXPECT_TRUE(*drain.JoinBlocking());
  EXPECT_TRUE(gate.DrainedBlocking());
}

TEST_F(GateTest, EmptyGateIsDrainedByClosing) {
  Gate gate;
  gate.Close();
  EXPECT_TRUE(Run(Drain(&gate, {})));
}

TEST_F(GateTest, DrainCanBeCancelled) {
  Gate gate;
  CancelSource source;
  auto drain = runtime_.Spawn(Drain(&gate, source.token()));
  Settle();
  source.Cancel();
  EXPECT_FALSE(*drain.JoinBlocking());
}

TEST_F(GateTest, NobodyIsInsideAfterTheDrain) {
  std::atomic<int> inside{0};
  Gate gate;
  std::vector<JoinHandle<void>> tasks;
  for (int i = 0; i < 8; ++i) {
    tasks.push_back(runtime_.SpawnOn(worker(i % 2), PassThrough(&gate, worker(i % 2), &inside)));
  }
  Settle(0);
  Settle(1);
  gate.Close();
  EXPECT_TRUE(gate.DrainedBlocking());
  EXPECT_EQ(inside.load(), 0);
  for (auto& task : tasks) EXPECT_TRUE(task.JoinBlocking().has_value());
}

}  // namespace
}  // namespace duet::runtime
