#include "server/runtime/activation.h"

#include <vector>

#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

class ActivationTest : public ::testing::Test {
 protected:
  int Windows(int n, std::vector<double> shares) {
    for (int i = 0; i < n; ++i) policy_.Update(shares);
    return policy_.active();
  }
  FakeCpuProbe probe_;
  ActivationOptions options_{.saturated_windows = 3, .relaxed_windows = 5};
  ActivationPolicy policy_{3, options_, &probe_};
};

TEST_F(ActivationTest, NoIdleCoreNoMoreThreads) {
  probe_.idle_cores = 0.1;
  EXPECT_EQ(Windows(1000, {1.0}), 1);
}

TEST_F(ActivationTest, NotSaturatedNoMoreThreads) {
  probe_.idle_cores = 3;
  EXPECT_EQ(Windows(1000, {0.94}), 1);
}

TEST_F(ActivationTest, SaturatedForSomeWindowsWithAnIdleCore) {
  probe_.idle_cores = 1;
  EXPECT_EQ(Windows(3, {0.96}), 1);  // the first one only starts the measurement
  EXPECT_EQ(Windows(1, {0.96}), 2);
}

TEST_F(ActivationTest, APauseStartsTheCountAgain) {
  probe_.idle_cores = 1;
  Windows(3, {0.96});
  Windows(1, {0.5});
  EXPECT_EQ(Windows(3, {0.96}), 1);
  EXPECT_EQ(Windows(1, {0.96}), 2);
}

TEST_F(ActivationTest, AllActiveOnesMustBeSaturated) {
  probe_.idle_cores = 1;
  Windows(4, {1.0});
  EXPECT_EQ(Windows(100, {1.0, 0.9}), 2);
  EXPECT_EQ(Windows(4, {1.0, 1.0}), 3);
  EXPECT_EQ(Windows(100, {1.0, 1.0, 1.0}), 3);  // the most there may be
}

TEST_F(ActivationTest, OneGoesToSleepWhenTheOthersSuffice) {
  probe_.idle_cores = 1;
  Windows(4, {1.0});
  EXPECT_EQ(Windows(100, {0.4, 0.4}), 2);  // 0.8 would not fit one with room to spare
  EXPECT_EQ(Windows(4, {0.3, 0.3}), 2);
  EXPECT_EQ(Windows(1, {0.3, 0.3}), 1);
  EXPECT_EQ(Windows(100, {0.0}), 1);
}

}  // namespace
}  // namespace duet::runtime
