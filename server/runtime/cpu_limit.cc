#include "server/runtime/cpu_limit.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sched.h>
#include <string_view>
#include <unistd.h>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace duet::runtime {

namespace {

// "200000 100000" -> 2; "max 100000" or no such file -> 0.
double ReadV2(const std::string& directory) {
  std::ifstream file(absl::StrCat(directory, "/cpu.max"));
  std::string quota;
  double period_us = 0;
  if (!(file >> quota >> period_us) || quota == "max" || period_us <= 0) return 0;
  return std::strtod(quota.c_str(), nullptr) / period_us;
}

double ReadV1(const std::string& directory) {
  std::ifstream quota_file(absl::StrCat(directory, "/cpu.cfs_quota_us"));
  std::ifstream period_file(absl::StrCat(directory, "/cpu.cfs_period_us"));
  double quota_us = 0;
  double period_us = 0;
  if (!(quota_file >> quota_us) || !(period_file >> period_us)) return 0;
  return quota_us > 0 && period_us > 0 ? quota_us / period_us : 0;  // -1: no quota
}

// The least quota of `path` and of every group above it under `mount`. Inside a container the path
// may not exist below the mount; the mount itself then is the container's group.
template <typename Read>
double LeastUpwards(const std::string& mount, std::string path, Read read) {
  double least = 0;
  for (;;) {
    const double quota = read(absl::StrCat(mount, path));
    if (quota > 0 && (least == 0 || quota < least)) least = quota;
    if (path.empty()) return least;
    path.resize(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
  }
}

}  // namespace

double CgroupCpuQuota(const std::string& root) {
  double least = 0;
  const auto note = [&](double quota) {
    if (quota > 0 && (least == 0 || quota < least)) least = quota;
  };
  std::ifstream groups(absl::StrCat(root, "/proc/self/cgroup"));
  // Lines "id:controllers:path"; v2 has id 0 and no controllers.
  for (std::string line; std::getline(groups, line);) {
    const std::vector<std::string> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3) continue;
    const std::string path = fields[2] == "/" ? "" : fields[2];
    const std::vector<std::string> controllers = absl::StrSplit(fields[1], ',');
    if (fields[0] == "0" && fields[1].empty()) {
      note(LeastUpwards(absl::StrCat(root, "/sys/fs/cgroup"), path, ReadV2));
    } else if (std::find(controllers.begin(), controllers.end(), "cpu") != controllers.end()) {
      for (const char* mount : {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"}) {
        note(LeastUpwards(absl::StrCat(root, mount), path, ReadV1));
      }
    }
  }
  return least;
}

int AvailableCpus() {
  int cpus = 0;
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails on machines with more than 1024 CPUs; sysconf is right there too.
  if (sched_getaffinity(0, sizeof(set), &set) == 0) cpus = CPU_COUNT(&set);
  if (cpus <= 0) cpus = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  const double quota = CgroupCpuQuota();
  if (quota > 0) cpus = std::min(cpus, static_cast<int>(std::ceil(quota)));
  return std::max(cpus, 1);
}

}  // namespace duet::runtime
