// When to use one more thread, and when one less. The same policy serves the I/O workers and the
// threads that drain gRPC's queue.
//
// Time is cut into windows. One thread more is activated when all active ones were saturated for
// several windows in a row AND a good third of a core was idle meanwhile. With less, a further
// thread takes its time from those who need it (a load generator on the same two cores: at pipeline
// 1 and 16 one thread beats two); with half a core, at pipeline 100, two threads answered 1.3 times
// as many GETs as one, at the same CPU a command (`redis_compare.py --only p100`). One goes to
// sleep when the others could have done all of the work with room to spare for a good many windows.
//
// Thread class: thread-compatible.
#pragma once

#include <cstdint>
#include <span>

namespace duet::runtime {

// How busy the machine is. Each policy has one of its own, since it measures from call to call.
// Tests give a fake one.
class CpuProbe {
 public:
  virtual ~CpuProbe() = default;
  // The number of cores that this process could have used and that were idle, on average since the
  // last call (at the first call: any number).
  virtual double IdleCores() = 0;
};

struct ActivationOptions {
  int64_t window_ms = 100;
  double saturated_share = 0.95;  // a thread at least so busy is saturated
  int saturated_windows = 3;
  double idle_cores = 0.35;    // at least so much must be idle for one thread more
  double relaxed_share = 0.7;  // how busy the remaining threads may be when one goes to sleep
  int relaxed_windows = 20;
};

class ActivationPolicy {
 public:
  // `probe` must outlive it; it is asked only while the threads are saturated.
  ActivationPolicy(int max_active, const ActivationOptions& options, CpuProbe* probe)
      : max_active_(max_active), options_(options), probe_(probe) {}

  int active() const { return active_; }

  // Once a window: the busy share (0..1) of each active thread. Returns how many threads shall be
  // active now: as before, one more, or one less.
  int Update(std::span<const double> busy_shares);

 private:
  bool ActivateAfter(std::span<const double> busy_shares);
  bool RelaxAfter(std::span<const double> busy_shares);

  const int max_active_;
  const ActivationOptions options_;
  CpuProbe* const probe_;
  int active_ = 1;
  int saturated_for_ = 0;  // windows in a row
  int relaxed_for_ = 0;
};

}  // namespace duet::runtime
