#include "server/runtime/timer.h"

#include <random>
#include <vector>

#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

using std::chrono::milliseconds;

class RecordingTimer final : public TimerNode {
 public:
  RecordingTimer() = default;
  void OnTimer() override { fired->push_back(id); }
  std::vector<int>* fired = nullptr;
  int id = 0;
};

TEST(TimerHeapTest, FiresByDeadlineThenByAge) {
  TimerHeap heap;
  std::vector<int> fired;
  std::vector<RecordingTimer> timers(5);
  const int64_t deadlines[] = {30, 10, 20, 10, 40};
  for (int i = 0; i < 5; ++i) {
    timers[i].fired = &fired;
    timers[i].id = i;
    heap.Add(&timers[i], deadlines[i]);
  }
  EXPECT_EQ(heap.NextDeadlineNs(), 10);
  EXPECT_EQ(heap.FireDue(30), 4u);
  EXPECT_EQ(fired, (std::vector<int>{1, 3, 2, 0}));
  EXPECT_EQ(heap.FireDue(39), 0u);
  EXPECT_TRUE(heap.Remove(&timers[4]));
  EXPECT_FALSE(heap.Remove(&timers[4]));
  EXPECT_TRUE(heap.empty());
}

TEST(TimerHeapTest, RandomAddsAndRemovesKeepTheOrder) {
  std::mt19937 random(1);
  TimerHeap heap;
  std::vector<int> fired;
  std::vector<RecordingTimer> timers(500);
  for (int i = 0; i < 500; ++i) {
    timers[i].fired = &fired;
    timers[i].id = i;
  }
  for (int step = 0; step < 20'000; ++step) {
    RecordingTimer& timer = timers[random() % timers.size()];
    if (!heap.Remove(&timer)) heap.Add(&timer, random() % 1000);
  }
  const size_t left = heap.size();
  EXPECT_EQ(heap.FireDue(1000), left);
  ASSERT_EQ(fired.size(), left);
  for (size_t i = 1; i < left; ++i) {
    EXPECT_LE(timers[fired[i - 1]].deadline_ns(), timers[fired[i]].deadline_ns());
  }
}

using SleepTest = RuntimeTest;

Task<bool> SleepOn(Worker& worker, milliseconds delay, CancelToken token) {
  const bool elapsed = co_await Sleep(worker, delay, token);
  EXPECT_TRUE(worker.RunsOnThisThread());
  co_return elapsed;
}

TEST_F(SleepTest, EndsWhenTimeHasPassedAndNotBefore) {
  JoinHandle<bool> sleep = runtime_.Spawn(SleepOn(worker(), milliseconds(1'000'000), {}));
  Settle();
  Advance(999'999);
  Settle();
  Settle();
  EXPECT_FALSE(sleep.done());
  Advance(1);
  EXPECT_TRUE(*sleep.JoinBlocking());
}

TEST_F(SleepTest, OnAnotherWorkerResumesThere) {
  JoinHandle<bool> sleep =
      runtime_.SpawnOn(worker(0), SleepOn(worker(1), milliseconds(1'000'000), {}));
  Settle(0);
  Settle(1);
  Advance(1'000'000);
  EXPECT_TRUE(*sleep.JoinBlocking());
}

TEST_F(SleepTest, CancelledDuring) {
  CancelSource source;
  JoinHandle<bool> sleep =
      runtime_.Spawn(SleepOn(worker(), milliseconds(1'000'000), source.token()));
  Settle();
  source.Cancel();
  EXPECT_FALSE(*sleep.JoinBlocking());
}

TEST_F(SleepTest, CancelledBefore) {
  CancelSource source;
  source.Cancel();
  EXPECT_FALSE(Run(SleepOn(worker(), milliseconds(1'000'000), source.token())));
  EXPECT_FALSE(RunOn(worker(1), SleepOn(worker(0), milliseconds(1'000'000), source.token())));
}

// The timer and the cancellation race: either may win, neither may touch what is gone.
TEST_F(SleepTest, CancelRacesWithTheTimer) {
  for (int i = 0; i < 300; ++i) {
    CancelSource source;
    JoinHandle<bool> sleep = runtime_.Spawn(SleepOn(worker(), milliseconds(10), source.token()));
    Settle();
    Advance(10);
    source.Cancel();
    EXPECT_TRUE(sleep.JoinBlocking().has_value());
  }
}

Task<int> UseTimer(Worker& worker, ManualClock& clock) {
  int fired = 0;
  Timer timer(worker, [&] { ++fired; });
  timer.Start(milliseconds(50));
  EXPECT_TRUE(timer.running());
  timer.Start(milliseconds(100));  // restarts
  clock.AdvanceMs(60);
  co_await SwitchTo(worker);
  EXPECT_EQ(fired, 0);
  clock.AdvanceMs(60);
  co_await SwitchTo(worker);
  co_await SwitchTo(worker);
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.running());
  timer.Start(milliseconds(10));
  EXPECT_TRUE(timer.Cancel());
  EXPECT_FALSE(timer.Cancel());
  clock.AdvanceMs(60);
  co_await SwitchTo(worker);
  co_await SwitchTo(worker);
  co_return fired;
}

TEST_F(SleepTest, TimerFiresRestartsAndCancels) { EXPECT_EQ(Run(UseTimer(worker(), clock_)), 1); }

TEST(DeadlineTest, CountsDown) {
  ManualClock clock;
  const Deadline deadline = Deadline::After(clock, milliseconds(5));
  EXPECT_EQ(deadline.Left(clock), milliseconds(5));
  EXPECT_FALSE(deadline.Expired(clock));
  clock.AdvanceMs(7);
  EXPECT_TRUE(deadline.Expired(clock));
  EXPECT_EQ(deadline.Left(clock), milliseconds(0));
  EXPECT_FALSE(Deadline::Never().Expired(clock));
  EXPECT_TRUE(Deadline::Never().never());
}

}  // namespace
}  // namespace duet::runtime
