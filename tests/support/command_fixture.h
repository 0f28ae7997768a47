// Runs commands in-process, in one line each:
//
//   TEST_F(ExpireTest, ...) {
//     EXPECT_EQ(Run({"set", "k", "v", "px", "100"}), "+OK");
//     AdvanceTime(100);
//     EXPECT_EQ(Run({"get", "k"}), "nil");
//   }
//
// Replies are in the notation of notation.h. What can be said as a list of commands and replies
// belongs into tests/commands/cases instead, where it runs through every door.
#pragma once

#include <gtest/gtest.h>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/in_process.h"
#include "tests/support/notation.h"

namespace duet::testing {

class CommandFixture : public ::testing::Test {
 protected:
  std::string Run(std::initializer_list<std::string_view> argv) { return engine_.Run(argv); }
  std::vector<std::string> RunBatch(const std::vector<std::vector<std::string>>& commands) {
    return engine_.RunBatch(commands);
  }
  void AdvanceTime(int64_t ms) { engine_.AdvanceMs(ms); }
  commands::Session& session() { return *engine_.session; }
  const metrics::WorkerCounters& counters() { return engine_.registry.worker(0); }
  InProcess& engine() { return engine_; }

 private:
  InProcess engine_;
};

}  // namespace duet::testing
