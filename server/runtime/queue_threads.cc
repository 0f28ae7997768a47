#include "server/runtime/queue_threads.h"

#include <algorithm>
#include <pthread.h>
#include <time.h>

#include "absl/strings/str_cat.h"

#include "server/base/check.h"
#include "server/runtime/waiter.h"

namespace duet::runtime {

namespace {

int64_t ReadClockNs(clockid_t clock) {
  timespec time{};
  if (clock == -1 || clock_gettime(clock, &time) != 0) return 0;
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

struct ThisThread {
  const QueueThreads* owner = nullptr;
  int index = -1;
};
thread_local ThisThread this_thread;

}  // namespace

QueueThreads::QueueThreads(CompletionSource* source, const QueueThreadsOptions& options)
    : source_(source),
      options_(options),
      policy_(options.max_threads, options.activation, options.cpu_probe),
      last_cpu_ns_(options.max_threads) {
  DUET_CHECK(options.home != nullptr, "queue threads need a home worker");
  DUET_CHECK(options.max_threads == 1 || options.cpu_probe != nullptr,
             "several queue threads need a CPU probe");
  for (int i = 0; i < options.max_threads; ++i) threads_.push_back(std::make_unique<ThreadState>());
}

QueueThreads::~QueueThreads() {
  for (const auto& state : threads_) {
    DUET_CHECK(!state->thread.joinable(), "the queue threads were not shut down");
  }
}

void QueueThreads::Start() {
  for (int i = 0; i < size(); ++i) threads_[i]->thread = std::thread([this, i] { RunBlocking(i); });
}

void QueueThreads::ShutdownAndJoinBlocking() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  source_->Shutdown();
  for (const auto& state : threads_) {
    if (state->thread.joinable()) state->thread.join();
  }
}

int QueueThreads::ThisThreadIndex() const {
  return this_thread.owner == this ? this_thread.index : -1;
}

int64_t QueueThreads::CpuNs(int index) const {
  return ReadClockNs(threads_[index]->cpu_clock.load(std::memory_order_acquire));
}

void QueueThreads::RunBlocking(int index) {
  ThreadState& state = *threads_[index];
  pthread_setname_np(pthread_self(), absl::StrCat(options_.name, "-", index).c_str());
  clockid_t clock;
  if (pthread_getcpuclockid(pthread_self(), &clock) == 0) state.cpu_clock.store(clock);
  this_thread = {this, index};
  internal::SetCurrentExecutor(options_.home);

  const bool alone = size() == 1;
  Completion* completion = nullptr;
  bool ok = false;
  for (;;) {
    if (!alone && index >= active()) ParkBlocking(index);
    if (!source_->Next(&completion, &ok)) break;
    state.figures.events.Add();
    completion->Complete(ok);
    if (!alone) MaybeEndWindow();
  }
  internal::SetCurrentExecutor(nullptr);
  this_thread = {};
  state.cpu_clock.store(-1);
}

void QueueThreads::ParkBlocking(int index) {
  struct Wanted {
    const QueueThreads* threads;
    int index;
  } wanted{this, index};
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](Wanted* w) {
        w->threads->mutex_.AssertHeld();
        return w->threads->stopping_ || w->index < w->threads->active();
      },
      &wanted));
}

void QueueThreads::MaybeEndWindow() {
  const int64_t now_ns = ReadClockNs(CLOCK_MONOTONIC);
  if (now_ns < window_end_ns_.load(std::memory_order_relaxed)) return;
  // Whoever comes first does it.
  if (!mutex_.TryLock()) return;
  if (now_ns >= window_end_ns_.load(std::memory_order_relaxed)) EndWindow(now_ns);
  mutex_.Unlock();
}

void QueueThreads::EndWindow(int64_t now_ns) {
  const double elapsed_ns = static_cast<double>(std::max<int64_t>(1, now_ns - window_start_ns_));
  window_start_ns_ = now_ns;
  window_end_ns_.store(now_ns + options_.activation.window_ms * 1'000'000,
                       std::memory_order_relaxed);
  std::vector<double> shares(active());
  for (int i = 0; i < size(); ++i) {
    const int64_t cpu_ns = CpuNs(i);
    const double busy_ns = static_cast<double>(cpu_ns - last_cpu_ns_[i]);
    if (i < active()) shares[i] = std::min(1.0, busy_ns / elapsed_ns);
    last_cpu_ns_[i] = cpu_ns;
  }
  active_.store(policy_.Update(shares), std::memory_order_relaxed);
}

}  // namespace duet::runtime
