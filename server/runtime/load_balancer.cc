#include "server/runtime/load_balancer.h"

#include <algorithm>
#include <ctime>

namespace duet::runtime {

namespace {
int64_t MonotonicNs() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}
}  // namespace

WorkerBusyProbe::WorkerBusyProbe(const std::vector<std::unique_ptr<Worker>>* workers)
    : workers_(workers), last_(workers->size()) {}

void WorkerBusyProbe::BusyShares(std::span<double> shares) {
  const int64_t time_ns = MonotonicNs();
  const double elapsed_ns = static_cast<double>(std::max<int64_t>(1, time_ns - last_time_ns_));
  last_time_ns_ = time_ns;
  for (size_t i = 0; i < last_.size(); ++i) {
    const Worker& worker = *(*workers_)[i];
    const Reading now{worker.figures().busy_ns.Value(), worker.CpuNs()};
    // A loaded worker's epoll_wait returns at once but costs CPU; a worker that waits for a core is
    // busy and costs none. Either way it has no time to spare.
    const double busy_ns = std::max(static_cast<double>(now.busy_ns - last_[i].busy_ns),
                                    static_cast<double>(now.cpu_ns - last_[i].cpu_ns));
    if (i < shares.size()) shares[i] = std::min(1.0, busy_ns / elapsed_ns);
    last_[i] = now;
  }
}

LoadBalancer::LoadBalancer(const std::vector<std::unique_ptr<Worker>>* workers,
                           const ActivationOptions& options, CpuProbe* cpu_probe,
                           BusyProbe* busy_probe)
    : workers_(*workers),
      window_ns_(options.window_ms * 1'000'000),
      busy_probe_(busy_probe),
      policy_(static_cast<int>(workers->size()), options, cpu_probe),
      shares_(workers->size()) {}

Worker& LoadBalancer::LeastLoaded(const Worker* except) const {
  Worker* best = nullptr;
  const int count = active();
  for (int i = 0; i < count; ++i) {
    Worker* worker = workers_[i].get();
    if (worker == except) continue;
    if (best == nullptr || worker->stream_count() < best->stream_count()) best = worker;
  }
  return best == nullptr ? *workers_[0] : *best;
}

Worker& LoadBalancer::WorkerForNewConnection() const { return LeastLoaded(nullptr); }

Worker* LoadBalancer::ClaimMove(Worker& from) {
  if (from.moves_wanted() <= 0) return nullptr;
  Worker& to = LeastLoaded(&from);
  const bool from_sleeps = from.index() >= active();
  if (&to == &from || (!from_sleeps && to.stream_count() + 1 >= from.stream_count())) {
    from.moves_wanted_.store(0, std::memory_order_relaxed);
    return nullptr;
  }
  from.moves_wanted_.fetch_sub(1, std::memory_order_relaxed);
  return &to;
}

void LoadBalancer::EndWindow(int64_t now_ns) {
  next_window_ns_ = now_ns + window_ns_;
  if (workers_.size() == 1) return;
  const int before = active();
  busy_probe_->BusyShares(shares_);
  const int now_active = policy_.Update(std::span<const double>(shares_).first(before));
  active_.store(now_active, std::memory_order_relaxed);
  if (now_active > 1 || before > 1) SpreadStreams();
}

void LoadBalancer::SpreadStreams() {
  const int count = active();
  int streams = 0;
  for (const auto& worker : workers_) streams += worker->stream_count();
  const int fair_share = (streams + count - 1) / count;
  for (const auto& worker : workers_) {
    const int keep = worker->index() < count ? fair_share : 0;
    worker->moves_wanted_.store(std::max(0, worker->stream_count() - keep),
                                std::memory_order_relaxed);
  }
}

}  // namespace duet::runtime
