#include "server/metrics/process.h"

#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace duet::metrics {
namespace {

// A file of /proc, at most the first 4 KiB; empty if it cannot be read.
std::string ReadSmallFile(const char* path) {
  std::string text;
  if (FILE* file = std::fopen(path, "re")) {
    char buffer[4096];
    text.assign(buffer, std::fread(buffer, 1, sizeof(buffer), file));
    std::fclose(file);
  }
  return text;
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

uint64_t CountOpenFds() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  uint64_t count = 0;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(directory);
  return count > 0 ? count - 1 : 0;  // without the directory itself
}

// Seconds since the epoch at which the system started: "btime" of /proc/stat, whose lines for the
// CPUs come first and may be long.
double BootTimeSeconds() {
  double boot = 0;
  if (FILE* file = std::fopen("/proc/stat", "re")) {
    char line[512];
    unsigned long long seconds = 0;
    while (std::fgets(line, sizeof(line), file) != nullptr) {
      if (std::sscanf(line, "btime %llu", &seconds) == 1) boot = static_cast<double>(seconds);
    }
    std::fclose(file);
  }
  return boot;
}

// Fields of /proc/self/stat from the third on; the second, the name, may hold spaces and brackets.
void ReadStat(ProcessFigures& figures) {
  const std::string stat = ReadSmallFile("/proc/self/stat");
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return;
  unsigned long long threads = 0, start_ticks = 0, virtual_bytes = 0;
  long long resident_pages = 0;
  const int fields = std::sscanf(stat.c_str() + name_end + 1,
                                 " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
                                 "%*d %llu %*d %llu %llu %lld",
                                 &threads, &start_ticks, &virtual_bytes, &resident_pages);
  if (fields != 4) return;
  figures.threads = threads;
  figures.virtual_bytes = virtual_bytes;
  figures.resident_bytes =
      static_cast<uint64_t>(resident_pages) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  figures.start_time_seconds = BootTimeSeconds() + static_cast<double>(start_ticks) /
                                                       static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

ProcessFigures ReadProcessFigures() {
  ProcessFigures figures;
  ReadStat(figures);
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    figures.cpu_user_seconds = Seconds(usage.ru_utime);
    figures.cpu_sys_seconds = Seconds(usage.ru_stime);
  }
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) figures.max_fds = files.rlim_cur;
  figures.open_fds = CountOpenFds();
  struct sysinfo system {};
  if (sysinfo(&system) == 0) {
    figures.system_memory_bytes = static_cast<uint64_t>(system.totalram) * system.mem_unit;
  }
  return figures;
}

std::string OperatingSystem() {
  utsname name{};
  if (uname(&name) != 0) return "unknown";
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

}  // namespace duet::metrics
