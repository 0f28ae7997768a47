#include "server/runtime/cpu_probe.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <unistd.h>

#include "absl/strings/ascii.h"

#include "server/runtime/cpu_limit.h"

namespace duet::runtime {

namespace {
int64_t ReadClockNs(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}
}  // namespace

double IdleSeconds(const std::string& proc_stat) {
  cpu_set_t set;
  CPU_ZERO(&set);
  const bool known = sched_getaffinity(0, sizeof(set), &set) == 0;
  const double ticks_per_s = static_cast<double>(sysconf(_SC_CLK_TCK));
  double idle_s = 0;
  std::istringstream lines(proc_stat);
  for (std::string line; std::getline(lines, line);) {
    // cpuN user nice system idle iowait ...; the first line, "cpu ", is the sum of all.
    if (line.size() < 4 || !absl::ascii_isdigit(static_cast<unsigned char>(line[3]))) continue;
    unsigned cpu = 0;
    unsigned long long idle = 0;
    unsigned long long iowait = 0;
    if (std::sscanf(line.c_str(), "cpu%u %*u %*u %*u %llu %llu", &cpu, &idle, &iowait) != 3) {
      continue;
    }
    if (known && (cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &set))) continue;
    idle_s += static_cast<double>(idle + iowait) / ticks_per_s;
  }
  return idle_s;
}

SystemCpuProbe::SystemCpuProbe() : quota_cpus_(CgroupCpuQuota()) {}

double SystemCpuProbe::IdleCores() {
  std::ifstream file("/proc/stat");
  std::stringstream text;
  text << file.rdbuf();
  const double idle_s = IdleSeconds(text.str());
  const int64_t time_ns = ReadClockNs(CLOCK_MONOTONIC);
  const int64_t process_cpu_ns = ReadClockNs(CLOCK_PROCESS_CPUTIME_ID);

  const double elapsed_s = std::max(1e-6, static_cast<double>(time_ns - last_time_ns_) / 1e9);
  double idle_cores = (idle_s - last_idle_s_) / elapsed_s;
  if (quota_cpus_ > 0) {
    const double used = static_cast<double>(process_cpu_ns - last_process_cpu_ns_) / 1e9;
    idle_cores = std::min(idle_cores, quota_cpus_ - used / elapsed_s);
  }
  last_idle_s_ = idle_s;
  last_time_ns_ = time_ns;
  last_process_cpu_ns_ = process_cpu_ns;
  return idle_cores;
}

}  // namespace duet::runtime
