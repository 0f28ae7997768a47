// The CpuProbe of the running machine: idle time of the CPUs in the affinity mask, from /proc/stat
// (in a container too it is the host's, and that is the question), cut by what the container's
// quota leaves.
//
// Thread class: thread-compatible.
#pragma once

#include <cstdint>
#include <string>

#include "server/runtime/activation.h"

namespace duet::runtime {

class SystemCpuProbe final : public CpuProbe {
 public:
  SystemCpuProbe();
  double IdleCores() override;

 private:
  const double quota_cpus_;  // 0: none
  int64_t last_time_ns_ = 0;
  int64_t last_process_cpu_ns_ = 0;
  double last_idle_s_ = 0;
};

// Idle and iowait seconds of the CPUs that this process may run on, out of the text of /proc/stat.
double IdleSeconds(const std::string& proc_stat);

}  // namespace duet::runtime
