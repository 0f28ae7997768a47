#include "server/runtime/queue_threads.h"

#include <condition_variable>
#include <deque>
#include <mutex>

#include "server/runtime/notify.h"
#include "server/runtime/timer.h"
#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

// What gRPC's queue is to the runtime.
class FakeSource final : public CompletionSource {
 public:
  void Push(Completion* completion, bool ok = true) {
    const std::lock_guard lock(mutex_);
    queue_.emplace_back(completion, ok);
    changed_.notify_one();
  }
  bool Next(Completion** completion, bool* ok) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return shut_down_ || !queue_.empty(); });
    if (queue_.empty()) return false;
    std::tie(*completion, *ok) = queue_.front();
    queue_.pop_front();
    return true;
  }
  void Shutdown() override {
    const std::lock_guard lock(mutex_);
    shut_down_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<Completion*, bool>> queue_;
  bool shut_down_ = false;
};

class Recorder final : public Completion {
 public:
  explicit Recorder(QueueThreads* threads) : threads_(threads) {}
  void Complete(bool ok) override {
    index = threads_->ThisThreadIndex();
    (ok ? succeeded : failed)++;
  }
  QueueThreads* const threads_;
  std::atomic<int> succeeded{0};
  std::atomic<int> failed{0};
  std::atomic<int> index{-2};
};

class QueueThreadsTest : public RuntimeTest {
 protected:
  FakeSource source_;
};

TEST_F(QueueThreadsTest, DrainsAllAndStops) {
  QueueThreads threads(&source_, {.home = &worker()});
  Recorder recorder(&threads);
  for (int i = 0; i < 100; ++i) source_.Push(&recorder, i % 4 != 0);
  threads.Start();
  threads.ShutdownAndJoinBlocking();
  EXPECT_EQ(recorder.succeeded.load(), 75);
  EXPECT_EQ(recorder.failed.load(), 25);
  EXPECT_EQ(recorder.index.load(), 0);
  EXPECT_EQ(threads.ThisThreadIndex(), -1);
  EXPECT_EQ(threads.figures(0).events.Value(), 100u);
}

// A coroutine that is first resumed by the queue and then waits for something of the runtime's.
class QueueAwaiter final : public Waiter {
 public:
  explicit QueueAwaiter(FakeSource* source) : source_(source) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    Bind(handle);
    source_->Push(this);
  }
  void await_resume() const {}

 private:
  FakeSource* const source_;
};
Task<bool> FromQueueToHome(FakeSource* source, QueueThreads* threads, Notify* notify,
                           Worker& home) {
  co_await QueueAwaiter(source);
  bool right = threads->ThisThreadIndex() == 0;
  const bool notified = co_await notify->Wait();
  // A notification that was there already is taken without a suspension.
  right = right && notified && (home.RunsOnThisThread() || threads->ThisThreadIndex() == 0);
  co_await QueueAwaiter(source);
  co_return right && threads->ThisThreadIndex() == 0;
}
TEST_F(QueueThreadsTest, CoroutinesResumeOnTheQueueOrAtHome) {
  QueueThreads threads(&source_, {.home = &worker(1)});
  threads.Start();
  for (int i = 0; i < 200; ++i) {
    Notify notify;
    auto task = runtime_.Spawn(FromQueueToHome(&source_, &threads, &notify, worker(1)));
    if (i % 2 == 0) Settle();
    notify.NotifyOne();
    EXPECT_TRUE(*task.JoinBlocking());
  }
  threads.ShutdownAndJoinBlocking();
}

// A queue thread is not its home worker: what it posts, spawns or starts there crosses threads.
Task<int> One() { co_return 1; }
Task<bool> UseTheRuntime(FakeSource* source, Runtime& runtime, Worker& home) {
  co_await QueueAwaiter(source);
  bool right = !home.RunsOnThisThread();
  JoinHandle<int> handle = runtime.SpawnOn(home, One());
  const JoinResult<int> one = co_await handle.Join();
  right = right && *one == 1;
  co_await QueueAwaiter(source);
  const bool elapsed = co_await Sleep(home, std::chrono::nanoseconds(0));
  right = right && elapsed && home.RunsOnThisThread();
  co_await QueueAwaiter(source);
  co_await SwitchTo(home);
  co_return right&& home.RunsOnThisThread();
}
TEST_F(QueueThreadsTest, AQueueThreadIsNotItsHomeWorker) {
  QueueThreads threads(&source_, {.home = &worker(1)});
  threads.Start();
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(RunOn(worker(i % 2), UseTheRuntime(&source_, runtime_, worker(1))));
  }
  threads.ShutdownAndJoinBlocking();
}

TEST_F(QueueThreadsTest, FurtherThreadsSleepUntilTheyAreNeeded) {
  cpu_probe_.idle_cores = 0;
  QueueThreads threads(&source_, {.max_threads = 3, .home = &worker(), .cpu_probe = &cpu_probe_});
  threads.Start();
  Recorder recorder(&threads);
  for (int i = 0; i < 1000; ++i) source_.Push(&recorder);
  while (recorder.succeeded.load() < 1000) std::this_thread::yield();
  EXPECT_EQ(threads.active(), 1);
  EXPECT_EQ(threads.figures(1).events.Value() + threads.figures(2).events.Value(), 0u);
  threads.ShutdownAndJoinBlocking();
}

// With thresholds that every window meets, the policy goes up to the limit.
TEST_F(QueueThreadsTest, SaturatedThreadsWakeAnother) {
  cpu_probe_.idle_cores = 1;
  const ActivationOptions eager{.window_ms = 0,
                                .saturated_share = 0,
                                .saturated_windows = 1,
                                .relaxed_windows = 1'000'000'000};
  QueueThreads threads(
      &source_,
      {.max_threads = 2, .home = &worker(), .cpu_probe = &cpu_probe_, .activation = eager});
  threads.Start();
  Recorder recorder(&threads);
  int pushed = 0;
  while (threads.active() < 2 || threads.figures(1).events.Value() == 0) {
    source_.Push(&recorder);
    ++pushed;
    std::this_thread::yield();
  }
  threads.ShutdownAndJoinBlocking();
  EXPECT_EQ(recorder.succeeded.load(), pushed);
}

}  // namespace
}  // namespace duet::runtime
