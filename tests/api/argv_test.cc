#include "server/api/argv.h"

#include <gtest/gtest.h>
#include <string_view>
#include <vector>

namespace duet {
namespace {

std::vector<std::string_view> Words(Argv argv) { return {argv.begin(), argv.end()}; }

TEST(CommandBatch, HoldsCommandsInOrder) {
  CommandBatch batch;
  EXPECT_TRUE(batch.empty());
  batch.Add("set");
  batch.Add("k");
  batch.Add("");
  batch.EndCommand();
  batch.EndCommand();  // without words
  batch.Add("get");
  batch.EndCommand();
  ASSERT_EQ(batch.size(), 3);
  EXPECT_EQ(Words(batch[0]), (std::vector<std::string_view>{"set", "k", ""}));
  EXPECT_TRUE(batch[1].empty());
  EXPECT_EQ(Words(batch[2]), (std::vector<std::string_view>{"get"}));
}

TEST(CommandBatch, DropsTheUnfinishedCommandOnly) {
  CommandBatch batch;
  batch.Add("unfinished");
  EXPECT_EQ(batch.unfinished_args(), 1);
  batch.DropUnfinished();
  EXPECT_EQ(batch.unfinished_args(), 0);
  batch.Add("ping");
  batch.EndCommand();
  batch.Add("get");
  batch.Add("k");
  EXPECT_EQ(batch.unfinished_args(), 2);
  batch.DropUnfinished();
  ASSERT_EQ(batch.size(), 1);
  EXPECT_EQ(Words(batch[0]), (std::vector<std::string_view>{"ping"}));
}

TEST(CommandBatch, ClearForgetsEverything) {
  CommandBatch batch;
  batch.Add("ping");
  batch.EndCommand();
  batch.Add("half");
  batch.Clear();
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.unfinished_args(), 0);
}

TEST(CommandBatch, KeepsTheMemoryOfUsualBatches) {
  CommandBatch batch;
  for (size_t i = 0; i < CommandBatch::kKeepArgs; ++i) {
    batch.Add("x");
    batch.EndCommand();
  }
  batch.Clear();
  EXPECT_EQ(batch.args_capacity(), CommandBatch::kKeepArgs);
  EXPECT_EQ(batch.commands_capacity(), CommandBatch::kKeepArgs);
}

TEST(CommandBatch, FreesTheMemoryOfHugeOnes) {
  CommandBatch batch;
  for (size_t i = 0; i <= CommandBatch::kKeepArgs; ++i) batch.Add("x");
  batch.EndCommand();
  batch.Clear();
  EXPECT_EQ(batch.args_capacity(), 0);
  EXPECT_EQ(batch.commands_capacity(), 1);
  for (size_t i = 0; i <= CommandBatch::kKeepArgs; ++i) batch.EndCommand();
  batch.Clear();
  EXPECT_EQ(batch.commands_capacity(), 0);
  batch.Add("ping");
  batch.EndCommand();
  EXPECT_EQ(Words(batch[0]), (std::vector<std::string_view>{"ping"}));
}

}  // namespace
}  // namespace duet
