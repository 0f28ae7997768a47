// When to use one more thread, and when one less. The same policy serves the I/O workers and the
// threads that drain gRPC's queue.
//
// Time is cut into windows. One thread more is activated when all active ones were saturated for
// several windows in a row AND a core was idle meanwhile (with the load generator on the same two
// cores, one thread beats two); one goes to sleep when the others could have done all of the work
// with room to spare for a good many windows.
//
// Thread class: thread-compatible.
#pragma once

#include <cstdint>
#include <span>

namespace duet::runtime {

// How busy the machine is. Tests give a fake one.
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
  double idle_cores = 0.8;     // what counts as an idle core
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
