#include "server/runtime/worker.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <pthread.h>
#include <sys/eventfd.h>

#include "server/base/check.h"
#include "server/runtime/waiter.h"

namespace duet::runtime {

namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr int kMaxSpinUs = 20;
constexpr int kMaxTimeoutMs = 60'000;
constexpr size_t kCacheLine = 64;

// Keeps the shortest spin alive, so that a worker notices when spinning begins to pay.
constexpr int kLeastSpinUs = 1;

// Not CurrentExecutor(): on a queue thread that is the home worker, whose thread it is not.
thread_local const Worker* running_worker = nullptr;
}  // namespace

Worker::Worker(Runtime* runtime, int index, const WorkerOptions& options)
    : runtime_(runtime),
      index_(index),
      clock_(options.clock),
      read_buffer_bytes_(options.read_buffer_bytes),
      // Not zeroed: pages of workers that never wake stay untouched.
      read_buffer_(new char[options.read_buffer_bytes]),
      ahead_buffer_(new char[2 * options.read_buffer_bytes]),
      spin_us_(std::clamp(options.spin_us, 0, kMaxSpinUs)),
      spin_now_us_(spin_us_),
      epoll_fd_(epoll_create1(EPOLL_CLOEXEC)),
      wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      now_ns_(options.clock->MonotonicNs()) {
  DUET_CHECK(epoll_fd_.valid() && wake_fd_.valid(), "cannot create a worker's descriptors");
  Watch(wake_fd_.get(), EPOLLIN, nullptr);
}

Worker::~Worker() = default;

bool Worker::RunsOnThisThread() const { return running_worker == this; }

void Worker::Post(Completion* completion) {
  if (RunsOnThisThread()) {
    local_posts_.PushBack(completion);
  } else {
    PostFromAnyThread(completion);
  }
}

void Worker::PostFromAnyThread(Completion* completion) {
  shared_posts_.Push(completion);
  // Of several posters one wakes it.
  if (sleeping_.load(std::memory_order_seq_cst) && sleeping_.exchange(false)) Wake();
}

int64_t Worker::CpuNs() const {
  const clockid_t clock = cpu_clock_.load(std::memory_order_acquire);
  timespec time{};
  if (clock == -1 || clock_gettime(clock, &time) != 0) return 0;
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

void Worker::Poke() { Wake(); }

void Worker::RequestStop() {
  stop_.store(true, std::memory_order_seq_cst);
  Wake();
}

void Worker::Wake() {
  const uint64_t one = 1;
  // Fails only when the counter is full, and then the worker is awake.
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_.get(), &one, sizeof(one));
}

void Worker::DrainWakeFd() {
  uint64_t count;
  [[maybe_unused]] const ssize_t got = ::read(wake_fd_.get(), &count, sizeof(count));
  figures_.wakeups.Add();
}

void Worker::Watch(int fd, uint32_t events, EventHandler* handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = handler;
  const int failed = epoll_ctl(epoll_fd_.get(), EPOLL_CTL_ADD, fd, &event);
  DUET_CHECK(failed == 0, "epoll_ctl ADD failed");
}

void Worker::Rewatch(int fd, uint32_t events, EventHandler* handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = handler;
  const int failed = epoll_ctl(epoll_fd_.get(), EPOLL_CTL_MOD, fd, &event);
  DUET_CHECK(failed == 0, "epoll_ctl MOD failed");
}

void Worker::Unwatch(int fd, EventHandler* handler) {
  const int failed = epoll_ctl(epoll_fd_.get(), EPOLL_CTL_DEL, fd, nullptr);
  DUET_CHECK(failed == 0, "epoll_ctl DEL failed");
  if (dispatching_ == handler) dispatching_ = nullptr;
  for (int i = event_next_; i < event_count_; ++i) {
    if (events_[i].data.ptr == handler) events_[i].events = 0;
  }
}

int Worker::WaitTimeoutMs(LoopObserver* observer) const {
  if (!local_posts_.empty() || !shared_posts_.empty() || stop_.load(std::memory_order_seq_cst)) {
    return 0;
  }
  int64_t deadline_ns = timers_.empty() ? INT64_MAX : timers_.NextDeadlineNs();
  if (observer != nullptr) deadline_ns = std::min(deadline_ns, observer->NextCallNs());
  if (deadline_ns == INT64_MAX) return -1;
  const int64_t left_ns = deadline_ns - clock_->MonotonicNs();
  if (left_ns <= 0) return 0;
  // Rounded up: a worker that wakes too early would only turn in vain.
  return static_cast<int>(std::min<int64_t>((left_ns + kNsPerMs - 1) / kNsPerMs, kMaxTimeoutMs));
}

int Worker::SpinForEvents() {
  const int64_t end_ns = clock_->MonotonicNs() + int64_t{spin_now_us_} * 1000;
  int count = 0;
  bool found = false;
  do {
    count = epoll_wait(epoll_fd_.get(), events_.data(), kMaxEvents, 0);
    found = count != 0 || !shared_posts_.empty();
  } while (!found && clock_->MonotonicNs() < end_ns);
  spin_now_us_ =
      found ? std::min(spin_us_, spin_now_us_ * 2) : std::max(kLeastSpinUs, spin_now_us_ / 2);
  return count;
}

int Worker::WaitForEvents(LoopObserver* observer) {
  if (spin_us_ > 0 && WaitTimeoutMs(observer) != 0) {
    const int count = SpinForEvents();
    if (count != 0) return count;
  }
  // First the flag, then the look at the queue; a poster pushes first and then reads the flag.
  sleeping_.store(true, std::memory_order_seq_cst);
  const int timeout_ms = WaitTimeoutMs(observer);
  const int count = epoll_wait(epoll_fd_.get(), events_.data(), kMaxEvents, timeout_ms);
  sleeping_.store(false, std::memory_order_relaxed);
  return count;
}

// Lets the handlers of the next events receive: each has room for read_buffer_bytes_, and they go
// on until as much has come. Returns where it stopped.
int Worker::ReceiveAhead() {
  if (event_count_ - event_next_ == 1) return event_count_;  // it has nobody to wait for
  size_t used = 0;
  int next = event_next_;
  for (; next < event_count_ && used < read_buffer_bytes_; ++next) {
    const epoll_event& event = events_[next];
    auto* handler = static_cast<EventHandler*>(event.data.ptr);
    // With many connections what a handler knows has left the cache since its last turn.
    if (next + 1 < event_count_) __builtin_prefetch(events_[next + 1].data.ptr);
    if (handler == nullptr || event.events != EPOLLIN) continue;
    const size_t bytes = handler->ReceiveAhead({ahead_buffer_.get() + used, read_buffer_bytes_});
    used += (bytes + kCacheLine - 1) & ~(kCacheLine - 1);
  }
  return next;
}

// With many connections what a handler knows has left the cache since its last turn: asks for the
// next handler's while this one executes.
void Worker::PrefetchBehind(int next) const {
  if (next + 1 < event_count_) __builtin_prefetch(events_[next + 1].data.ptr);
  if (next == event_count_ || events_[next].data.ptr == nullptr) return;
  if (events_[next].events == 0) return;  // it has gone
  static_cast<EventHandler*>(events_[next].data.ptr)->Prefetch();
}

void Worker::DispatchEvents(int count) {
  event_count_ = count;
  int received = 0;
  for (event_next_ = 0; event_next_ < event_count_;) {
    if (event_next_ == received) received = ReceiveAhead();
    const epoll_event& event = events_[event_next_++];
    auto* handler = static_cast<EventHandler*>(event.data.ptr);
    if (handler == nullptr) {
      DrainWakeFd();
    } else if (event.events != 0) {
      dispatching_ = handler;
      PrefetchBehind(event_next_);
      handler->OnEvents(event.events);
    }
  }
  dispatching_ = nullptr;
  event_next_ = event_count_ = 0;
  while (Completion* completion = after_events_.PopFront()) completion->Complete(true);
}

void Worker::RunAfterEvents(Completion* completion) {
  DUET_DCHECK(RunsOnThisThread() && has_more_events(), "there are no events to wait for");
  after_events_.PushBack(completion);
}

void Worker::RunPosts() {
  shared_posts_.TakeAll(local_posts_);
  // Only what is there now: what these post waits for the next turn, so events are not starved.
  PostQueue turn;
  turn.Append(local_posts_);
  uint64_t ran = 0;
  while (Completion* completion = turn.PopFront()) {
    completion->Complete(true);
    ++ran;
  }
  if (ran != 0) figures_.posts.Add(ran);
  figures_.queue_length.Set(ran);
}

void Worker::RunBlocking(LoopObserver* observer) {
  internal::SetCurrentExecutor(this);
  running_worker = this;
  clockid_t cpu_clock;
  if (pthread_getcpuclockid(pthread_self(), &cpu_clock) == 0) cpu_clock_.store(cpu_clock);
  int64_t before_wait_ns = clock_->MonotonicNs();
  for (;;) {
    const bool stopping = stop_.load(std::memory_order_seq_cst);
    const int count = WaitForEvents(observer);
    now_ns_ = clock_->MonotonicNs();
    figures_.idle_ns.Add(now_ns_ - before_wait_ns);
    figures_.loops.Add();
    if (count > 0) {
      figures_.events.Add(count);
      DispatchEvents(count);
    }
    if (!timers_.empty() && timers_.NextDeadlineNs() <= now_ns_) {
      figures_.timers.Add(timers_.FireDue(now_ns_));
    }
    RunPosts();
    if (observer != nullptr) observer->OnLoop(now_ns_);
    before_wait_ns = clock_->MonotonicNs();
    const uint64_t turn_ns = before_wait_ns - now_ns_;
    figures_.busy_ns.Add(turn_ns);
    figures_.lag_ns.Set(turn_ns);
    if (turn_ns > figures_.max_lag_ns.Value()) figures_.max_lag_ns.Set(turn_ns);
    if (stopping) break;
  }
  cpu_clock_.store(-1);
  running_worker = nullptr;
  internal::SetCurrentExecutor(nullptr);
}

}  // namespace duet::runtime
