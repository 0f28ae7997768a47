#include "server/base/check.h"
#include "server/metrics/worker_counters.h"

namespace duet::metrics {

Registry::Registry(size_t workers) {
  DUET_CHECK(workers > 0, "a registry needs at least one worker");
  workers_.reserve(workers);
  for (size_t i = 0; i < workers; ++i) workers_.push_back(std::make_unique<WorkerCounters>());
}

Registry::~Registry() = default;

}  // namespace duet::metrics
