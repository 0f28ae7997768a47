// The steps before and after a handler, and batches.
#include "server/commands/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "server/commands/command_table.h"
#include "tests/support/command_fixture.h"

namespace duet::testing {
namespace {

using commands::BatchState;
using commands::CommandTable;
using ::testing::ElementsAre;

class DispatcherTest : public CommandFixture {
 protected:
  const metrics::CommandCounters& CountersOf(std::string_view name) {
    return counters().commands[CommandTable::Get().Find(name)->index];
  }
  uint64_t ErrorsOf(ErrorWord word) { return counters().errors[static_cast<size_t>(word)].Value(); }
};

TEST_F(DispatcherTest, EmptyCommandHasNoReply) { EXPECT_EQ(Run({}), ""); }

TEST_F(DispatcherTest, CountsCallsFailuresAndRejections) {
  Run({"set", "k", "v"});
  Run({"SET", "k", "v"});
  Run({"incr", "k"});
  Run({"incr"});
  Run({"nosuch"});
  EXPECT_EQ(CountersOf("set").calls.Value(), 2);
  EXPECT_EQ(CountersOf("set").failed.Value(), 0);
  EXPECT_EQ(CountersOf("incr").calls.Value(), 1);
  EXPECT_EQ(CountersOf("incr").failed.Value(), 1);
  EXPECT_EQ(CountersOf("incr").rejected.Value(), 1);
  EXPECT_EQ(counters().unknown_commands.Value(), 1);
  EXPECT_EQ(ErrorsOf(ErrorWord::kErr), 3);
  EXPECT_GT(CountersOf("set").ticks.Value(), 0);
}

TEST_F(DispatcherTest, CountsKeyspaceHitsAndMisses) {
  Run({"get", "k"});
  Run({"set", "k", "v"});
  Run({"get", "k"});
  Run({"mget", "k", "none", "k"});
  EXPECT_EQ(counters().keyspace_hits.Value(), 3);
  EXPECT_EQ(counters().keyspace_misses.Value(), 2);
}

TEST_F(DispatcherTest, NotesWhatTheSessionDid) {
  Run({"set", "k", "v"});
  AdvanceTime(5);
  Run({"client", "getname"});
  EXPECT_EQ(*session().last_command, "client|getname");
  EXPECT_EQ(session().last_command_ms, kStartMs + 5);
  EXPECT_EQ(session().commands_processed, 2);
}

TEST_F(DispatcherTest, RefusesWithoutAuthentication) {
  engine().server.password.Set("s3cret");
  session().authenticated = false;
  EXPECT_EQ(Run({"get", "k"}), "-NOAUTH Authentication required.");
  EXPECT_EQ(Run({"get"}), "-ERR wrong number of arguments for 'get' command");
  EXPECT_EQ(Run({"nosuch"}), "-ERR unknown command 'nosuch', with args beginning with: ");
  EXPECT_EQ(ErrorsOf(ErrorWord::kNoAuth), 1);
  EXPECT_EQ(CountersOf("get").calls.Value(), 0);
}

TEST_F(DispatcherTest, RefusesConnectionCommandsInASingleCall) {
  InProcess unary(commands::Door::kGrpcUnary);
  EXPECT_EQ(unary.Run({"select", "1"}),
            "-ERR 'select' belongs to a connection and has no meaning in a single call");
  EXPECT_EQ(unary.Run({"set", "k", "v"}), "+OK");
}

TEST_F(DispatcherTest, LimitsKeysAndValues) {
  engine().limits.max_key_bytes = 4;
  engine().limits.max_value_bytes = 6;
  EXPECT_EQ(Run({"set", "1234", "123456"}), "+OK");
  EXPECT_EQ(Run({"set", "12345", "v"}), "-ERR key is 5 bytes; at most 4 are allowed");
  EXPECT_EQ(Run({"get", "12345"}), "-ERR key is 5 bytes; at most 4 are allowed");
  EXPECT_EQ(Run({"mget", "1234", "12345"}), "-ERR key is 5 bytes; at most 4 are allowed");
  EXPECT_EQ(Run({"set", "k", "1234567"}), "-ERR value is 7 bytes; at most 6 are allowed");
  EXPECT_EQ(Run({"mset", "a", "1", "b", "1234567"}),
            "-ERR value is 7 bytes; at most 6 are allowed");
  EXPECT_EQ(Run({"append", "1234", "7"}),
            "-ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  EXPECT_EQ(Run({"setrange", "1234", "5", "7"}), ":6");
  EXPECT_EQ(Run({"setrange", "1234", "6", "7"}),
            "-ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  EXPECT_EQ(Run({"exists", "a", "b"}), ":0");
}

TEST_F(DispatcherTest, AKeyMayBeLongerThanAValue) {
  engine().limits.max_value_bytes = 2;
  EXPECT_EQ(Run({"set", "long-key", "v"}), "+OK");
  EXPECT_EQ(Run({"set", "long-key", "val"}), "-ERR value is 3 bytes; at most 2 are allowed");
}

TEST_F(DispatcherTest, BatchRepliesInOrder) {
  EXPECT_THAT(RunBatch({{"set", "a", "1"},
                        {"incr", "a"},
                        {"nosuch", "x"},
                        {"get"},
                        {"mset", "a", "x", "b", "y"},
                        {"mget", "a", "b"},
                        {"get", "b"}}),
              ElementsAre("+OK", ":2",
                          "-ERR unknown command 'nosuch', with args beginning with: "
                          "'x' ",
                          "-ERR wrong number of arguments for 'get' command", "+OK", R"(["x" "y"])",
                          R"("y")"));
  EXPECT_EQ(counters().batches.Value(), 1);
}

TEST_F(DispatcherTest, BatchLargerThanAWindow) {
  std::vector<std::vector<std::string>> commands;
  for (int i = 0; i < 1000; ++i) {
    commands.push_back({"set", "k" + std::to_string(i), std::to_string(i)});
    commands.push_back({"mget", "k" + std::to_string(i), "k" + std::to_string(i / 2)});
  }
  const std::vector<std::string> replies = RunBatch(commands);
  ASSERT_EQ(replies.size(), commands.size());
  for (int i = 0; i < 1000; ++i) {
    const std::string here = std::to_string(i);
    const std::string half = std::to_string(i / 2);
    EXPECT_EQ(replies[2 * static_cast<size_t>(i) + 1], "[\"" + here + "\" \"" + half + "\"]");
  }
}

TEST_F(DispatcherTest, BatchWithManyKeys) {
  std::vector<std::string> mset{"mset"};
  std::vector<std::string> mget{"mget"};
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    mset.push_back("k" + std::to_string(i));
    mset.push_back("v");
    mget.push_back("k" + std::to_string(i));
    expected += i == 0 ? "[\"v\"" : " \"v\"";
  }
  EXPECT_THAT(RunBatch({mset, mget}), ElementsAre("+OK", expected + "]"));
}

TEST_F(DispatcherTest, BatchStopsWhereTheOutputIsFull) {
  CommandBatch batch;
  for (int i = 0; i < 100; ++i) {
    batch.Add("incr");
    batch.Add("n");
    batch.EndCommand();
  }
  ReplyRecorder reply(session());
  const auto full = [](void* context) {
    return static_cast<ReplyRecorder*>(context)->bytes().size() >= 40;
  };
  const auto first = engine().dispatcher->ExecuteBatch(session(), batch, 0, reply, full, &reply);
  EXPECT_EQ(first.state, BatchState::kOutputFull);
  EXPECT_EQ(first.executed, 10);
  reply.Take();
  const auto rest =
      engine().dispatcher->ExecuteBatch(session(), batch, first.executed, reply, nullptr, nullptr);
  EXPECT_EQ(rest.state, BatchState::kDone);
  EXPECT_EQ(rest.executed, 90);
  EXPECT_EQ(Run({"get", "n"}), R"("100")");
}

TEST_F(DispatcherTest, BatchStopsAtTheCommandThatCloses) {
  CommandBatch batch;
  for (const char* name : {"ping", "quit", "ping"}) {
    batch.Add(name);
    batch.EndCommand();
  }
  ReplyRecorder reply(session());
  const auto result =
      engine().dispatcher->ExecuteBatch(session(), batch, 0, reply, nullptr, nullptr);
  EXPECT_EQ(result.state, BatchState::kClose);
  EXPECT_EQ(result.executed, 2);
  EXPECT_EQ(Notation(reply.bytes()), "+PONG +OK");
}

TEST_F(DispatcherTest, BatchFollowsSelect) {
  EXPECT_THAT(RunBatch({{"set", "k", "0"},
                        {"select", "1"},
                        {"get", "k"},
                        {"set", "k", "1"},
                        {"select", "0"},
                        {"get", "k"}}),
              ElementsAre("+OK", "+OK", "nil", "+OK", "+OK", R"("0")"));
}

}  // namespace
}  // namespace duet::testing
