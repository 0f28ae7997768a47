// What MONITOR, SLOWLOG and LATENCY note of commands.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "server/commands/command_trace.h"
#include "server/commands/monitor_line.h"
#include "tests/support/command_fixture.h"

namespace duet::commands {
namespace {

using testing::FurtherClient;

constexpr uint64_t kNothingIsSlow = uint64_t{1} << 60;

class TraceTest : public testing::CommandFixture {
 protected:
  CommandTrace& trace() { return engine().server.trace; }
};

TEST_F(TraceTest, WantsNothingUntilSomebodyAsks) {
  EXPECT_FALSE(trace().Wants(kNothingIsSlow));
  trace().set_slower_than_us(1000);
  trace().set_latency_threshold_ms(10);
  EXPECT_FALSE(trace().Wants(10));
  EXPECT_TRUE(trace().Wants(kNothingIsSlow));
  trace().set_slower_than_us(-1);
  EXPECT_TRUE(trace().Wants(kNothingIsSlow));
  trace().set_latency_threshold_ms(0);
  EXPECT_FALSE(trace().Wants(kNothingIsSlow));
  trace().set_slower_than_us(0);
  EXPECT_TRUE(trace().Wants(0));
}

TEST_F(TraceTest, AThresholdMayBeLongerThanTheClockCounts) {
  trace().set_slower_than_us(INT64_MAX);
  EXPECT_FALSE(trace().Wants(kNothingIsSlow));
}

class MonitorTest : public TraceTest {
 protected:
  MonitorTest() { EXPECT_EQ(monitor_.Run({"monitor"}), "+OK"); }

  FurtherClient monitor_{engine()};
};

TEST_F(MonitorTest, ShowsWhatIsExecutedWithItsTimeDatabaseAndClient) {
  AdvanceTime(1);
  Run({"select", "3"});
  Run({"SET", "k", "v"});
  Run({"incr", "k"});  // fails, but runs
  const std::string from = " [3 " + session().peer_address + "] ";
  EXPECT_EQ(monitor_.Mail(), "+1700000000.001000" + from + "\"select\" \"3\" " +
                                 "+1700000000.001000" + from + "\"SET\" \"k\" \"v\" " +
                                 "+1700000000.001000" + from + "\"incr\" \"k\"");
}

TEST_F(MonitorTest, ShowsNeitherRefusedNorAdministrativeCommands) {
  Run({"get"});
  Run({"nonsense"});
  Run({"config", "get", "port"});
  Run({"client", "list"});
  Run({"slowlog", "get"});
  EXPECT_EQ(monitor_.Mail(), "");
  Run({"client", "getname"});
  EXPECT_NE(monitor_.Mail(), "");
}

TEST_F(MonitorTest, ShowsNoPasswords) {
  Run({"auth", "secret"});
  Run({"auth", "default", "secret"});
  Run({"hello", "3", "AUTH", "default", "secret", "setname", "auth"});
  const std::string lines = monitor_.Mail();
  EXPECT_EQ(lines.find("secret"), std::string::npos) << lines;
  EXPECT_NE(lines.find("\"auth\" \"(redacted)\" +"), std::string::npos);
  EXPECT_NE(lines.find("\"auth\" \"(redacted)\" \"(redacted)\" +"), std::string::npos);
  EXPECT_NE(lines.find("\"AUTH\" \"(redacted)\" \"(redacted)\" \"setname\" \"auth\""),
            std::string::npos);
}

TEST_F(MonitorTest, ShowsItsOwnCommandsBehindTheirReplies) {
  EXPECT_EQ(monitor_.Run({"get", "k"}), "nil");
  EXPECT_NE(monitor_.Mail().find("\"get\" \"k\""), std::string::npos);
}

TEST_F(MonitorTest, ASecondMonitorHasNoReply) {
  EXPECT_EQ(monitor_.Run({"monitor"}), "");
  Run({"ping"});
  const std::string lines = monitor_.Mail();
  EXPECT_NE(lines.find("ping"), std::string::npos);
  EXPECT_EQ(lines.find("ping"), lines.rfind("ping"));
}

TEST_F(MonitorTest, ResetEndsIt) {
  EXPECT_EQ(monitor_.Run({"reset"}), "+RESET");
  monitor_.Mail();
  Run({"ping"});
  EXPECT_EQ(monitor_.Mail(), "");
  EXPECT_FALSE(trace().Wants(0));
}

TEST_F(MonitorTest, LeavingEndsItForOneOnly) {
  {
    FurtherClient second(engine());
    second.Run({"monitor"});
    Run({"ping"});
    EXPECT_NE(second.Mail(), "");
  }
  Run({"ping"});
  EXPECT_NE(monitor_.Mail(), "");
}

TEST_F(MonitorTest, TheFlagShowsInTheList) {
  EXPECT_NE(Run({"client", "list"}).find(" flags=O "), std::string::npos);
  EXPECT_NE(Run({"client", "list", "type", "normal"}).find(" flags=O "), std::string::npos);
}

TEST_F(MonitorTest, AMonitorThatDoesNotReadIsClosed) {
  engine().server.output_limits.Set(ClientClass::kNormal,
                                    {.hard_bytes = 1000, .soft_bytes = 0, .soft_ms = 0});
  const std::string long_key(300, 'x');
  Run({"get", long_key});
  Run({"get", long_key});
  EXPECT_FALSE(monitor_.session().mailbox->closed());
  Run({"get", long_key});
  EXPECT_TRUE(monitor_.session().mailbox->overflowed());
  Run({"get", long_key});  // nobody is there any more
}

TEST(MonitorLineTest, EscapesAsRedis) {
  Session session(Door::kResp, 1, nullptr);
  session.peer_address = "127.0.0.1:5";
  const std::vector<std::string_view> words = {"a\"b\\c", "\n\r\t\a\b",
                                               std::string_view("\0\x7f\xff", 3), "", "~ x"};
  EXPECT_EQ(MonitorLine(session, words, 1'700'000'000'000'001),
            "+1700000000.000001 [0 127.0.0.1:5] \"a\\\"b\\\\c\" \"\\n\\r\\t\\a\\b\" "
            "\"\\x00\\x7f\\xff\" \"\" \"~ x\"\r\n");
}

TEST(MonitorLineTest, NamesTheSocketOfAUnixClient) {
  Session session(Door::kResp, 1, nullptr);
  session.peer_address = session.local_address = "/run/duet.sock:0";
  EXPECT_EQ(MonitorLine(session, std::vector<std::string_view>{"ping"}, 0),
            "+0.000000 [0 unix:/run/duet.sock] \"ping\"\r\n");
}

class SlowlogTest : public TraceTest {
 protected:
  SlowlogTest() { trace().set_slower_than_us(0); }
  size_t length() { return trace().slow_log().length(); }
};

TEST_F(SlowlogTest, KeepsWhoDidItAndWhen) {
  FurtherClient client(engine());
  client.Run({"client", "setname", "worker"});
  AdvanceTime(2500);
  client.Run({"get", "k"});
  const std::string reply = Run({"slowlog", "get", "1"});
  const std::string end = " [\"get\" \"k\"] \"" + client.session().peer_address + "\" \"worker\"]]";
  EXPECT_TRUE(reply.starts_with("[[:1 :1700000002 :")) << reply;
  EXPECT_TRUE(reply.ends_with(end)) << reply;
}

TEST_F(SlowlogTest, KeepsTheNewestAndCountsOn) {
  trace().slow_log().set_max_length(3);
  for (int i = 0; i < 10; ++i) Run({"ping"});
  EXPECT_EQ(length(), 3u);
  EXPECT_EQ(trace().slow_log().Newest(9).front().id, 9u);
  EXPECT_EQ(trace().slow_log().Newest(9).back().id, 7u);
  trace().slow_log().set_max_length(1);
  EXPECT_EQ(length(), 1u);
  trace().slow_log().Reset();
  Run({"ping"});
  EXPECT_EQ(trace().slow_log().Newest(1).front().id, 10u);
  trace().slow_log().set_max_length(0);
  Run({"ping"});
  EXPECT_EQ(length(), 0u);
}

TEST_F(SlowlogTest, CountsTheTimeOfTheCommandAlone) {
  Run({"ping"});
  EXPECT_LT(trace().slow_log().Newest(1).front().duration_us, 1'000'000);
  trace().set_slower_than_us(1'000'000);
  Run({"ping"});
  EXPECT_EQ(length(), 1u);
}

TEST_F(TraceTest, RecordsLatencyByKindOfCommand) {
  EXPECT_EQ(Run({"latency", "latest"}), "[]");
  LatencyEvents& events = trace().latency();
  trace().set_latency_threshold_ms(100);
  trace().NoteEvent("expire-cycle", 99, testing::kStartMs);
  EXPECT_TRUE(events.All().empty());
  trace().NoteEvent("expire-cycle", 100, testing::kStartMs);
  trace().NoteEvent("expire-cycle", 300, testing::kStartMs + 999);
  trace().NoteEvent("expire-cycle", 200, testing::kStartMs + 1000);
  EXPECT_EQ(Run({"latency", "latest"}), "[[\"expire-cycle\" :1700000001 :200 :300]]");
  EXPECT_EQ(Run({"latency", "history", "expire-cycle"}), "[[:1700000000 :300] [:1700000001 :200]]");
  EXPECT_EQ(Run({"latency", "reset", "EXPIRE-cycle", "command"}), ":1");
  EXPECT_EQ(Run({"latency", "latest"}), "[]");
}

}  // namespace
}  // namespace duet::commands
