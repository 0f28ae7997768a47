// WAIT and WAITAOF between their start and their end, and SHUTDOWN's.
#include <string>

#include "tests/support/command_fixture.h"

namespace duet::commands {
namespace {

class WaitTest : public testing::CommandFixture {
 protected:
  testing::FurtherClient waiting_{engine()};
};

TEST_F(WaitTest, WaitsUntilItsTimeHasCome) {
  EXPECT_EQ(waiting_.Run({"wait", "1", "1000"}), "");
  EXPECT_EQ(waiting_.Resume(), "waits");
  AdvanceTime(999);
  EXPECT_EQ(waiting_.Resume(), "waits");
  AdvanceTime(1);
  EXPECT_EQ(waiting_.Resume(), ":0");
  EXPECT_FALSE(waiting_.session().waits);
}

TEST_F(WaitTest, WaitAofRepliesWithTwoNumbers) {
  EXPECT_EQ(waiting_.Run({"waitaof", "0", "2", "10"}), "");
  AdvanceTime(10);
  EXPECT_EQ(waiting_.Resume(), "[:0 :0]");
}

TEST_F(WaitTest, WithoutATimeoutOnlyUnblockEndsIt) {
  EXPECT_EQ(waiting_.Run({"wait", "1", "0"}), "");
  AdvanceTime(1'000'000'000);
  EXPECT_EQ(waiting_.Resume(), "waits");
  const std::string id = std::to_string(waiting_.session().id);
  EXPECT_EQ(Run({"client", "unblock", id}), ":1");
  EXPECT_EQ(waiting_.Resume(), ":0");
  EXPECT_EQ(waiting_.Run({"waitaof", "0", "1", "0"}), "");
  EXPECT_EQ(Run({"client", "unblock", id, "error"}), ":1");
  EXPECT_EQ(waiting_.Resume(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
}

TEST_F(WaitTest, AUnaryCallIsAnsweredAtOnce) {
  testing::InProcess unary(Door::kGrpcUnary);
  EXPECT_EQ(unary.Run({"wait", "1", "0"}), ":0");
  EXPECT_EQ(unary.Run({"waitaof", "0", "1", "0"}), "[:0 :0]");
}

class ShutdownTest : public testing::CommandFixture {};

TEST_F(ShutdownTest, EndsTheConnectionWithoutAReply) {
  EXPECT_EQ(Run({"shutdown"}), "");
  EXPECT_TRUE(engine().session->close_after_reply);
  EXPECT_EQ(engine().shut_down, "drains");
}

TEST_F(ShutdownTest, NowLeavesOutTheDrainDelay) {
  EXPECT_EQ(Run({"shutdown", "nosave", "now", "force"}), "");
  EXPECT_EQ(engine().shut_down, "now");
}

TEST_F(ShutdownTest, SavesOnlyIfNothingIsGoodEnough) {
  EXPECT_EQ(Run({"shutdown", "save"}), "-ERR SHUTDOWN SAVE: this server saves nothing to disk");
  EXPECT_EQ(engine().shut_down, "");
  EXPECT_EQ(Run({"shutdown", "save", "force"}), "");
  EXPECT_EQ(engine().shut_down, "drains");
}

TEST_F(ShutdownTest, CannotBeAbortedOnceItIsUnderWay) {
  EXPECT_EQ(Run({"shutdown", "abort"}), "-ERR No shutdown in progress.");
  engine().server.shutting_down = true;
  EXPECT_EQ(Run({"shutdown", "abort"}), "-ERR the shutdown in progress cannot be aborted any more");
}

TEST_F(ShutdownTest, GrpcIsToldThatItWillBeDone) {
  testing::InProcess unary(Door::kGrpcUnary);
  EXPECT_EQ(unary.Run({"shutdown"}), "+OK");
  EXPECT_EQ(unary.shut_down, "drains");
}

}  // namespace
}  // namespace duet::commands
