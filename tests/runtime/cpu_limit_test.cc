#include "server/runtime/cpu_limit.h"

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"

#include "server/runtime/cpu_probe.h"
#include "tests/support/temp_directory.h"

namespace duet::runtime {
namespace {

namespace fs = std::filesystem;

// A made-up root directory with /proc/self/cgroup and /sys/fs/cgroup.
class CpuLimitTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  const testing::TempDirectory directory_;
  const std::string& root_ = directory_.path();
};

TEST_F(CpuLimitTest, NoFilesNoQuota) { EXPECT_EQ(CgroupCpuQuota(root_), 0); }

TEST_F(CpuLimitTest, Version2LeastOfTheGroupsUpwards) {
  Write("/proc/self/cgroup", "0::/a/b\n");
  Write("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 0);
  Write("/sys/fs/cgroup/a/cpu.max", "150000 100000\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 1.5);
  Write("/sys/fs/cgroup/a/b/cpu.max", "50000 100000\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 0.5);
}

TEST_F(CpuLimitTest, Version2InsideAContainer) {
  Write("/proc/self/cgroup", "0::/../../some/where\n");
  Write("/sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 2);
}

TEST_F(CpuLimitTest, Version1) {
  Write("/proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/x\n");
  Write("/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "-1\n");
  Write("/sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 0);
  Write("/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "300000\n");
  EXPECT_EQ(CgroupCpuQuota(root_), 3);
}

TEST_F(CpuLimitTest, ThisMachineHasACpu) { EXPECT_GE(AvailableCpus(), 1); }

TEST(CpuProbeTest, AddsIdleAndIoWaitOfTheCpus) {
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  // CPU 100000 is in nobody's affinity mask.
  const std::string text = "cpu  1 2 3 400 50 0\ncpu100000 1 2 3 400 50 0\nintr 5 6 7 8 9\n";
  EXPECT_EQ(IdleSeconds(text), 0);
  std::string all;
  for (int cpu = 0; cpu < 1024; ++cpu) all += "cpu" + std::to_string(cpu) + " 1 2 3 400 50 0\n";
  EXPECT_GE(IdleSeconds(all), 450 / ticks);
}

}  // namespace
}  // namespace duet::runtime
