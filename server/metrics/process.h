// What the kernel knows of this process. Source: /proc/self, getrusage, sysinfo (proc(5)).
#pragma once

#include <cstdint>
#include <string>

namespace duet::metrics {

struct ProcessFigures {
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;
  double cpu_user_seconds = 0;
  double cpu_sys_seconds = 0;
  double start_time_seconds = 0;  // since the Unix epoch
  uint64_t open_fds = 0;
  uint64_t max_fds = 0;
  uint64_t threads = 0;
  uint64_t system_memory_bytes = 0;
};

// Takes tens of microseconds. A figure that cannot be read is 0. Thread-safe.
ProcessFigures ReadProcessFigures();

// "Linux 6.1.0-18-amd64 x86_64", as INFO and redis_instance_info print it.
std::string OperatingSystem();

}  // namespace duet::metrics
