// A started runtime whose clock stands still until the test turns it, and probes that say what the
// test tells them.
#pragma once

#include <algorithm>
#include <atomic>
#include <string>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "server/base/clock.h"
#include "server/runtime/runtime.h"
#include "server/runtime/switch.h"
#include "server/runtime/unique_fd.h"

namespace duet::runtime {

class FakeCpuProbe final : public CpuProbe {
 public:
  double IdleCores() override { return idle_cores.load(); }
  std::atomic<double> idle_cores{0};
};

class FakeBusyProbe final : public BusyProbe {
 public:
  void BusyShares(std::span<double> shares) override {
    std::fill(shares.begin(), shares.end(), share.load());
    ++windows;
  }
  std::atomic<double> share{0};
  std::atomic<int> windows{0};
};

class RuntimeTest : public ::testing::Test {
 protected:
  explicit RuntimeTest(int threads = 2)
      : runtime_({.threads = threads,
                  .clock = &clock_,
                  .cpu_probe = &cpu_probe_,
                  .busy_probe = &busy_probe_}) {
    runtime_.Start();
  }
  ~RuntimeTest() override { runtime_.ShutdownAndJoinBlocking(); }

  Worker& worker(int index = 0) { return runtime_.worker(index); }

  // Runs the task to its end on a worker; its result.
  template <typename T>
  T RunOn(Worker& where, Task<T> task) {
    JoinHandle<T> handle = runtime_.SpawnOn(where, std::move(task));
    JoinResult<T> result = handle.JoinBlocking();
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }
  template <typename T>
  T Run(Task<T> task) {
    return RunOn(worker(), std::move(task));
  }

  // Returns when all that was posted to the worker, and all events that were there, have been dealt
  // with: the second task runs in a later turn, whose look at epoll came after this call.
  void Settle(int index = 0) {
    RunOn(worker(index), Nothing());
    RunOn(worker(index), Nothing());
  }
  static Task<> Nothing() { co_return; }

  // Time passes, and every worker notices.
  void Advance(int64_t ms) {
    clock_.AdvanceMs(ms);
    for (int i = 0; i < runtime_.size(); ++i) worker(i).Poke();
  }

  ManualClock clock_;
  FakeCpuProbe cpu_probe_;
  FakeBusyProbe busy_probe_;
  Runtime runtime_;
};

// Two connected Unix-domain sockets.
struct SocketPair {
  SocketPair() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    near = UniqueFd(fds[0]);
    far = UniqueFd(fds[1]);
  }
  UniqueFd near;
  UniqueFd far;
};

}  // namespace duet::runtime
