// An I/O worker: one thread with one level-triggered epoll loop, its timers, its queue of posted
// completions, and the hot read buffers that all of its streams share.
//
// Design. A turn of the loop waits for events (blocking when there is nothing to do), dispatches
// them inline, fires timers, runs what was posted before the turn. Coroutines run inside these
// calls and are resumed on the worker that drained their completion. A worker is woken through an
// eventfd, and only when it said that it would sleep.
//
// Of a turn's events, those of readable sockets are received before the first of them is
// dispatched, until a buffer's worth has come: a row of receives finds the kernel's code and the
// worker's own in the cache, where a receive between two executed batches finds neither. With 1,000
// clients that saves 5 % of server CPU per request at pipelines of 1 and 16, and nothing with 50 (2
// cores, redis_load, in turns with a build that does not, medians of 36 and 48 rounds).
//
// Thread class: worker-bound (its own thread only) unless a method says thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <sys/epoll.h>
#include <time.h>

#include "server/base/clock.h"
#include "server/runtime/completion.h"
#include "server/runtime/post_queue.h"
#include "server/runtime/timer_heap.h"
#include "server/runtime/unique_fd.h"
#include "server/runtime/worker_figures.h"

namespace duet::runtime {

class Runtime;

// What a file descriptor's events are dispatched to.
class EventHandler {
 public:
  virtual void OnEvents(uint32_t epoll_events) = 0;
  // Asks for the memory that OnEvents(EPOLLIN) uses.
  virtual void Prefetch() const {}
  // May be called in the turn of an OnEvents(EPOLLIN), before it: time to receive. Returns how many
  // bytes came, the first of `room` or of a place of its own. `room` is the handler's until that
  // OnEvents() returns, or Unwatch(). Resumes nobody.
  virtual size_t ReceiveAhead(std::span<char> /*room*/) { return 0; }

 protected:
  ~EventHandler() = default;
};

// Called once a turn of the loop, after a window of at least the interval has passed.
class LoopObserver {
 public:
  // When the observer wants to be called next, though no event come; INT64_MAX: never wake for it.
  virtual int64_t NextCallNs() const = 0;
  virtual void OnLoop(int64_t now_ns) = 0;

 protected:
  ~LoopObserver() = default;
};

struct WorkerOptions {
  size_t read_buffer_bytes = 64 * 1024;
  int spin_us = 0;  // 0..20: poll this long before blocking; backs off while it does not pay
  const Clock* clock = nullptr;
};

class Worker final : public Executor {
 public:
  Worker(Runtime* runtime, int index, const WorkerOptions& options);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Thread-safe: these never change.
  int index() const { return index_; }
  Runtime& runtime() const { return *runtime_; }
  const Clock& clock() const { return *clock_; }
  const WorkerFigures& figures() const { return figures_; }

  // Thread-safe while the worker runs. CPU time that its thread has used.
  int64_t CpuNs() const;

  // Thread-safe. Is this the worker's thread?
  bool RunsOnThisThread() const;
  // Thread-safe. From its own thread without atomics.
  void Post(Completion* completion) override;
  // Thread-safe.
  void PostFromAnyThread(Completion* completion);
  // Thread-safe. Makes the loop turn once: a test that has advanced a ManualClock calls it, and due
  // timers fire.
  void Poke();

  // Monotonic time at the start of this turn of the loop.
  int64_t now_ns() const { return now_ns_; }
  // Valid until the coroutine that filled it suspends.
  std::span<char> read_buffer() { return {read_buffer_.get(), read_buffer_bytes_}; }

  void AddTimer(TimerNode* node, int64_t deadline_ns) { timers_.Add(node, deadline_ns); }
  bool CancelTimer(TimerNode* node) { return timers_.Remove(node); }

  // Registers `fd`, or changes the events that it waits for. `handler` must live until Unwatch().
  void Watch(int fd, uint32_t events, EventHandler* handler);
  void Rewatch(int fd, uint32_t events, EventHandler* handler);
  // After it, no event reaches the handler, events of the turn that runs now included.
  void Unwatch(int fd, EventHandler* handler);
  // False once the handler whose event is being dispatched has been unwatched (and may be gone).
  bool IsDispatching(const EventHandler* handler) const { return dispatching_ == handler; }

  // Are there events of this turn that have not been dispatched?
  bool has_more_events() const { return event_next_ < event_count_; }
  // Completes it when the last event of this turn has been dispatched, before timers and posts.
  // REQUIRES: has_more_events().
  void RunAfterEvents(Completion* completion);

  // Thread-safe. Streams that live here, those on their way included.
  int stream_count() const { return streams_.load(std::memory_order_relaxed); }
  // Thread-safe. How many streams should leave for another worker (load_balancer.h).
  int moves_wanted() const { return moves_wanted_.load(std::memory_order_relaxed); }

  // The thread's body: returns after RequestStop() when the posts of that moment have run.
  void RunBlocking(LoopObserver* observer);
  // Thread-safe.
  void RequestStop();

 private:
  friend class Stream;
  friend class LoadBalancer;
  static constexpr size_t kMaxEvents = 256;

  int WaitTimeoutMs(LoopObserver* observer) const;
  int WaitForEvents(LoopObserver* observer);
  int SpinForEvents();
  void DispatchEvents(int count);
  int ReceiveAhead();
  void PrefetchBehind(int next) const;
  void RunPosts();
  void Wake();
  void DrainWakeFd();

  Runtime* const runtime_;
  const int index_;
  const Clock* const clock_;
  const size_t read_buffer_bytes_;
  const std::unique_ptr<char[]> read_buffer_;
  const std::unique_ptr<char[]> ahead_buffer_;  // twice as large
  const int spin_us_;
  int spin_now_us_;  // spin_us_ or less, while spinning does not pay
  UniqueFd epoll_fd_;
  UniqueFd wake_fd_;
  int64_t now_ns_ = 0;
  TimerHeap timers_;
  PostQueue local_posts_;

  // The events of this turn. Unwatch() clears those of its handler that are still to come.
  std::array<epoll_event, kMaxEvents> events_;
  int event_next_ = 0;
  int event_count_ = 0;
  EventHandler* dispatching_ = nullptr;
  PostQueue after_events_;

  WorkerFigures figures_;

  alignas(64) PostQueue::Shared shared_posts_;
  std::atomic<bool> sleeping_{false};  // posters write to wake_fd_ only when this is set
  std::atomic<bool> stop_{false};
  std::atomic<clockid_t> cpu_clock_{-1};
  std::atomic<int> streams_{0};
  std::atomic<int> moves_wanted_{0};
};

}  // namespace duet::runtime
