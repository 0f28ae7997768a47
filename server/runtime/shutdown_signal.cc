#include "server/runtime/shutdown_signal.h"

#include <optional>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "server/base/check.h"
#include "server/runtime/fd_watch.h"
#include "server/runtime/switch.h"

namespace duet::runtime {

namespace {

void AddTo(int epoll_fd, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  DUET_CHECK(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0, "cannot watch for signals");
}

// Cancels the watch on its worker, wherever the token is cancelled. Its owner waits until the post
// has run, if there was one.
class CancelOnWorker final : public Completion {
 public:
  CancelOnWorker(Worker& worker, FdWatch& watch) : worker_(worker), watch_(watch) {}
  void Post() {
    posted_.store(true);
    worker_.Post(this);
  }
  void Complete(bool) override {
    arrived_ = true;
    watch_.Cancel();
  }
  bool pending() const { return posted_.load() && !arrived_; }

 private:
  Worker& worker_;
  FdWatch& watch_;
  std::atomic<bool> posted_{false};
  bool arrived_ = false;
};

struct PostIt {
  CancelOnWorker* canceller;
  void operator()() const { canceller->Post(); }
};

}  // namespace

ShutdownSignal::ShutdownSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, &old_mask_);
  signal_fd_ = UniqueFd(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  trigger_fd_ = UniqueFd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  both_fd_ = UniqueFd(epoll_create1(EPOLL_CLOEXEC));
  DUET_CHECK(signal_fd_.valid() && trigger_fd_.valid() && both_fd_.valid(),
             "cannot create the descriptors for signals");
  AddTo(both_fd_.get(), signal_fd_.get());
  AddTo(both_fd_.get(), trigger_fd_.get());
}

ShutdownSignal::~ShutdownSignal() { pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr); }

int ShutdownSignal::Take() {
  signalfd_siginfo info{};
  if (::read(signal_fd_.get(), &info, sizeof(info)) == sizeof(info)) {
    return static_cast<int>(info.ssi_signo);
  }
  uint64_t count = 0;
  return ::read(trigger_fd_.get(), &count, sizeof(count)) == sizeof(count) ? SIGTERM : 0;
}

Task<int> ShutdownSignal::Wait(Worker& worker, CancelToken token) {
  FdWatch watch(worker, both_fd_.get());
  CancelOnWorker canceller(worker, watch);
  int signal = 0;
  {
    const CancelCallback<PostIt> callback(token, PostIt{&canceller});
    while (signal == 0) {
      const bool readable = co_await watch.Readable();
      if (!readable) break;
      signal = Take();
    }
  }
  while (canceller.pending()) co_await SwitchTo(worker);
  co_return signal;
}

int ShutdownSignal::WaitBlocking() {
  pollfd poll_fd{.fd = both_fd_.get(), .events = POLLIN, .revents = 0};
  for (;;) {
    const int signal = Take();
    if (signal != 0) return signal;
    ::poll(&poll_fd, 1, -1);
  }
}

void ShutdownSignal::Trigger() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(trigger_fd_.get(), &one, sizeof(one));
}

}  // namespace duet::runtime
