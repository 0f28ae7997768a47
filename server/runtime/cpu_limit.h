// How many CPUs this process may use: its affinity mask, cut by the container's CPU quota.
// Sources: sched_getaffinity(2); cgroup v2 cpu.max, cgroup v1 cpu.cfs_quota_us / cpu.cfs_period_us,
// for the process's group and all groups above it.
#pragma once

#include <string>

namespace duet::runtime {

// The smallest quota in CPUs (1.5 = one and a half), or 0 if there is none. `root` stands for "/",
// for tests.
double CgroupCpuQuota(const std::string& root = "");

// At least 1. A quota is rounded up: 1.5 CPUs keep two threads busy.
int AvailableCpus();

}  // namespace duet::runtime
