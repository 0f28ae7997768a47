#include "server/runtime/activation.h"

#include <algorithm>
#include <numeric>

namespace duet::runtime {

bool ActivationPolicy::ActivateAfter(std::span<const double> busy_shares) {
  const bool saturated = active_ < max_active_ &&
                         std::all_of(busy_shares.begin(), busy_shares.end(), [&](double share) {
                           return share >= options_.saturated_share;
                         });
  if (!saturated) {
    saturated_for_ = 0;
    return false;
  }
  // The first reading covers the time before the load came, and only starts the measurement.
  const double idle_cores = probe_->IdleCores();
  if (++saturated_for_ > 1 && idle_cores < options_.idle_cores) saturated_for_ = 1;
  return saturated_for_ > options_.saturated_windows;
}

bool ActivationPolicy::RelaxAfter(std::span<const double> busy_shares) {
  const double busy = std::accumulate(busy_shares.begin(), busy_shares.end(), 0.0);
  const bool relaxed = active_ > 1 && busy <= (active_ - 1) * options_.relaxed_share;
  relaxed_for_ = relaxed ? relaxed_for_ + 1 : 0;
  return relaxed_for_ >= options_.relaxed_windows;
}

int ActivationPolicy::Update(std::span<const double> busy_shares) {
  const bool more = ActivateAfter(busy_shares);
  const bool less = RelaxAfter(busy_shares);
  if (more || less) {
    active_ += more ? 1 : -1;
    saturated_for_ = relaxed_for_ = 0;
  }
  return active_;
}

}  // namespace duet::runtime
