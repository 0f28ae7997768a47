// Spreads connections over the active workers. It decides in windows, on worker 0's loop, with an
// ActivationPolicy; streams that should leave a worker are told by Stream::ShouldMove() and move
// at their next batch boundary.
//
// Thread class: OnLoop() belongs to worker 0; the rest is thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "server/runtime/activation.h"
#include "server/runtime/worker.h"

namespace duet::runtime {

// How busy each worker was since the last call. Tests give a fake one.
class BusyProbe {
 public:
  virtual ~BusyProbe() = default;
  // Fills shares[i] (0..1) for worker i.
  virtual void BusyShares(std::span<double> shares) = 0;
};

// From the time that the workers spend outside epoll_wait, or on a CPU if that is more.
class WorkerBusyProbe final : public BusyProbe {
 public:
  // `workers` must outlive it.
  explicit WorkerBusyProbe(const std::vector<std::unique_ptr<Worker>>* workers);
  void BusyShares(std::span<double> shares) override;

 private:
  struct Reading {
    uint64_t busy_ns = 0;
    int64_t cpu_ns = 0;
  };
  const std::vector<std::unique_ptr<Worker>>* const workers_;
  std::vector<Reading> last_;
  int64_t last_time_ns_ = 0;
};

class LoadBalancer final : public LoopObserver {
 public:
  // All must outlive it.
  LoadBalancer(const std::vector<std::unique_ptr<Worker>>* workers,
               const ActivationOptions& options, CpuProbe* cpu_probe, BusyProbe* busy_probe);

  int active() const { return active_.load(std::memory_order_relaxed); }
  // The active worker with the fewest streams.
  Worker& WorkerForNewConnection() const;
  // Where a stream of `from` should go, or null if it should stay. Each answer is one stream's: the
  // caller moves, or the move is asked for again in a later window.
  Worker* ClaimMove(Worker& from);

  int64_t NextCallNs() const override {
    return active() > 1 ? next_window_ns_ : std::numeric_limits<int64_t>::max();
  }
  void OnLoop(int64_t now_ns) override {
    if (now_ns >= next_window_ns_) EndWindow(now_ns);
  }

 private:
  void EndWindow(int64_t now_ns);
  void SpreadStreams();
  Worker& LeastLoaded(const Worker* except) const;

  const std::vector<std::unique_ptr<Worker>>& workers_;
  const int64_t window_ns_;
  BusyProbe* const busy_probe_;
  ActivationPolicy policy_;
  std::vector<double> shares_;
  int64_t next_window_ns_ = 0;
  std::atomic<int> active_{1};
};

}  // namespace duet::runtime
