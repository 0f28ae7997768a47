#include "server/runtime/worker.h"

#include <vector>

#include "server/runtime/fd_watch.h"
#include "tests/runtime/held_worker.h"
#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

using WorkerTest = RuntimeTest;

class CountingPost final : public Completion {
 public:
  void Complete(bool ok) override {
    EXPECT_TRUE(ok);
    if (left_-- > 0) {
      worker_->Post(this);
    } else {
      done_.store(true);
      done_.notify_all();
    }
  }
  CountingPost(Worker* worker, int times) : worker_(worker), left_(times) {}
  void WaitBlocking() { done_.wait(false); }

 private:
  Worker* worker_;
  int left_;
  std::atomic<bool> done_{false};
};

Task<bool> WaitReadable(FdWatch* watch) {
  const bool readable = co_await watch->Readable();
  co_return readable;
}
Task<bool> WatchAndCancel(Runtime& runtime, int fd) {
  FdWatch watch(runtime.worker(0), fd);
  JoinHandle<bool> waiting = runtime.SpawnOn(runtime.worker(0), WaitReadable(&watch));
  co_await SwitchTo(runtime.worker(0));
  watch.Cancel();
  const JoinResult<bool> during = co_await waiting.Join();
  const bool after = co_await watch.Readable();
  co_return *during || after;
}
Task<bool> WatchOnce(Worker& worker, int fd) {
  FdWatch watch(worker, fd);
  const bool readable = co_await watch.Readable();
  co_return readable;
}

// Notes the ends of one turn's events.
class TurnEnds final : public Completion {
 public:
  void Complete(bool ok) override {
    EXPECT_TRUE(ok);
    seen_at_end_.push_back(seen_);
  }
  void OnEvent(Worker& worker) {
    ++seen_;
    if (worker.has_more_events() && !asked_) worker.RunAfterEvents(this);
    asked_ = true;
  }
  const std::vector<int>& seen_at_end() const { return seen_at_end_; }

 private:
  int seen_ = 0;
  bool asked_ = false;
  std::vector<int> seen_at_end_;
};

Task<> NoteEvent(Worker& worker, int fd, TurnEnds* ends) {
  FdWatch watch(worker, fd);
  const bool readable = co_await watch.Readable();
  EXPECT_TRUE(readable);
  ends->OnEvent(worker);
}

TEST_F(WorkerTest, KnowsItsThread) {
  EXPECT_FALSE(worker().RunsOnThisThread());
  EXPECT_EQ(worker(1).index(), 1);
  EXPECT_EQ(&worker(1).runtime(), &runtime_);
}

TEST_F(WorkerTest, ACompletionMayPostItselfAgain) {
  CountingPost post(&worker(), 1000);
  worker().PostFromAnyThread(&post);
  post.WaitBlocking();
  Settle();
  EXPECT_GE(worker().figures().posts.Value(), 1000u);
  EXPECT_GE(worker().figures().loops.Value(), 1000u);
}

TEST_F(WorkerTest, FiguresOfTime) {
  Settle();                                           // the thread has started
  EXPECT_EQ(worker().figures().busy_ns.Value(), 0u);  // the clock stands still
  Advance(5);
  Settle();
  Settle();
  EXPECT_EQ(worker().figures().idle_ns.Value() + worker().figures().busy_ns.Value(), 5'000'000u);
}

TEST_F(WorkerTest, WatchesADescriptor) {
  SocketPair pair;
  auto waiting = runtime_.Spawn(WatchOnce(worker(), pair.near.get()));
  Settle();
  EXPECT_FALSE(waiting.done());
  ASSERT_EQ(::write(pair.far.get(), "x", 1), 1);
  EXPECT_TRUE(*waiting.JoinBlocking());
}

TEST_F(WorkerTest, RunsWhatIsToFollowTheEventsOfATurnOnce) {
  std::vector<SocketPair> pairs(3);
  TurnEnds ends;
  std::vector<JoinHandle<void>> waiting;
  for (SocketPair& pair : pairs) {
    waiting.push_back(runtime_.SpawnOn(worker(), NoteEvent(worker(), pair.near.get(), &ends)));
  }
  Settle();
  {
    const HeldWorker held(worker());
    for (SocketPair& pair : pairs) ASSERT_EQ(::write(pair.far.get(), "x", 1), 1);
  }
  for (JoinHandle<void>& task : waiting) task.JoinBlocking();
  Settle();
  EXPECT_EQ(ends.seen_at_end(), std::vector<int>{3});
}

TEST_F(WorkerTest, AWatchCanBeCancelled) {
  SocketPair pair;
  EXPECT_FALSE(Run(WatchAndCancel(runtime_, pair.near.get())));
}

TEST(SpinningWorkerTest, RunsPostsAndSleepsToo) {
  Runtime runtime({.threads = 1, .spin_us = 20});
  runtime.Start();
  for (int i = 0; i < 100; ++i) {
    CountingPost post(&runtime.worker(0), 3);
    runtime.worker(0).Post(&post);
    post.WaitBlocking();
  }
  runtime.ShutdownAndJoinBlocking();
}

}  // namespace
}  // namespace duet::runtime
