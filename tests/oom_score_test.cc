#include "server/oom_score.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <unistd.h>

#include "gtest/gtest.h"

namespace duet {
namespace {

class OomScoreTest : public ::testing::Test {
 protected:
  OomScoreTest()
      : path_(::testing::TempDir() + "oom_score_adj." + std::to_string(getpid())), score_(path_) {
    Write(100);
  }
  ~OomScoreTest() override { std::remove(path_.c_str()); }

  void Write(int score) { std::ofstream(path_) << score << '\n'; }
  int Read() const {
    int score = 0;
    std::ifstream(path_) >> score;
    return score;
  }
  void Apply(OomScoreAdj how, double value) {
    Config config;
    config.oom_score_adj = how;
    config.oom_score_adj_values = {value, 0, 0};
    EXPECT_EQ(score_.ApplyBlocking(config), std::nullopt);
  }

  const std::string path_;
  OomScore score_;
};

TEST_F(OomScoreTest, IsLeftAloneUnlessAskedFor) {
  Apply(OomScoreAdj::kNo, 9);
  EXPECT_EQ(Read(), 100);
}

TEST_F(OomScoreTest, IsRelativeToWhatWasThereBeforeOrAbsolute) {
  Apply(OomScoreAdj::kRelative, 9);
  EXPECT_EQ(Read(), 109);
  Apply(OomScoreAdj::kRelative, 20);
  EXPECT_EQ(Read(), 120);
  Apply(OomScoreAdj::kAbsolute, 20);
  EXPECT_EQ(Read(), 20);
}

TEST_F(OomScoreTest, ComesBackWhenItIsSwitchedOff) {
  Apply(OomScoreAdj::kAbsolute, 500);
  Apply(OomScoreAdj::kNo, 500);
  EXPECT_EQ(Read(), 100);
  Write(7);
  Apply(OomScoreAdj::kNo, 500);
  EXPECT_EQ(Read(), 7);
}

TEST_F(OomScoreTest, StaysWithinWhatTheKernelTakes) {
  Apply(OomScoreAdj::kRelative, 2000);
  EXPECT_EQ(Read(), 1000);
  Apply(OomScoreAdj::kRelative, -2000);
  EXPECT_EQ(Read(), -1000);
}

TEST_F(OomScoreTest, SaysSoWhereTheFileCannotBeUsed) {
  OomScore elsewhere(path_ + "/nothing/there");
  Config config;
  config.oom_score_adj = OomScoreAdj::kAbsolute;
  EXPECT_EQ(elsewhere.ApplyBlocking(config),
            "Failed to set current oom_score_adj: Not a directory");
}

}  // namespace
}  // namespace duet
