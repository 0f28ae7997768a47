#include "server/runtime/semaphore.h"

#include "server/runtime/task_group.h"
#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

using SemaphoreTest = RuntimeTest;

Task<bool> AcquireSome(Semaphore* semaphore, size_t n, CancelToken token) {
  const bool got = co_await semaphore->Acquire(n, token);
  co_return got;
}
Task<> UseSlot(Semaphore* semaphore, std::atomic<int>* inside, std::atomic<int>* most, int times,
               Worker& worker) {
  for (int i = 0; i < times; ++i) {
    const bool got = co_await semaphore->Acquire();
    EXPECT_TRUE(got);
    const int now = ++*inside;
    int seen = most->load();
    while (now > seen && !most->compare_exchange_weak(seen, now)) {
    }
    co_await SwitchTo(worker);
    --*inside;
    semaphore->Release();
  }
}

TEST_F(SemaphoreTest, TakesAndGivesBack) {
  Semaphore semaphore(2);
  EXPECT_TRUE(Run(AcquireSome(&semaphore, 2, {})));
  EXPECT_FALSE(semaphore.TryAcquire());
  semaphore.Release(2);
  EXPECT_TRUE(semaphore.TryAcquire());
  EXPECT_EQ(semaphore.permits(), 1u);
}

TEST_F(SemaphoreTest, FirstComeFirstServed) {
  Semaphore semaphore(0);
  auto large = runtime_.Spawn(AcquireSome(&semaphore, 3, {}));
  Settle();
  auto small = runtime_.Spawn(AcquireSome(&semaphore, 1, {}));
  Settle();
  semaphore.Release(2);
  Settle();
  EXPECT_FALSE(large.done());
  EXPECT_FALSE(small.done());            // though there is enough for it
  EXPECT_FALSE(semaphore.TryAcquire());  // nor may anybody overtake
  semaphore.Release(2);
  EXPECT_TRUE(*large.JoinBlocking());
  EXPECT_TRUE(*small.JoinBlocking());
  EXPECT_EQ(semaphore.permits(), 0u);
}

TEST_F(SemaphoreTest, CancelledBeforeAndDuring) {
  Semaphore semaphore(0);
  CancelSource source;
  auto waiting = runtime_.Spawn(AcquireSome(&semaphore, 1, source.token()));
  Settle();
  source.Cancel();
  EXPECT_FALSE(*waiting.JoinBlocking());
  EXPECT_FALSE(Run(AcquireSome(&semaphore, 1, source.token())));
  semaphore.Release();
  EXPECT_EQ(semaphore.permits(), 1u);
}

TEST_F(SemaphoreTest, OneThatGivesUpLetsThoseBehindItThrough) {
  Semaphore semaphore(1);
  CancelSource cancel;
  auto wants_two = runtime_.Spawn(AcquireSome(&semaphore, 2, cancel.token()));
  Settle();
  auto wants_one = runtime_.Spawn(AcquireSome(&semaphore, 1, {}));
  Settle();
  cancel.Cancel();
  EXPECT_FALSE(*wants_two.JoinBlocking());
  EXPECT_TRUE(*wants_one.JoinBlocking());
  EXPECT_EQ(semaphore.permits(), 0u);
}

TEST_F(SemaphoreTest, NeverMoreInsideThanPermits) {
  Semaphore semaphore(3);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  TaskGroup group(runtime_);
  for (int i = 0; i < 10; ++i) {
    group.SpawnOn(worker(i % 2), UseSlot(&semaphore, &inside, &most, 100, worker(i % 2)));
  }
  group.JoinBlocking();
  EXPECT_LE(most.load(), 3);
  EXPECT_EQ(semaphore.permits(), 3u);
}

}  // namespace
}  // namespace duet::runtime
