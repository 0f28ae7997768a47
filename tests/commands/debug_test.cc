// DEBUG: who may call it, and the replies that only RESP3 has.
#include <string>

#include "tests/support/command_fixture.h"

namespace duet::commands {
namespace {

constexpr char kRefused[] =
    "-ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you "
    "can run it from a local connection, otherwise you need to set this option in the "
    "configuration file, and then restart the server.";

class DebugTest : public testing::CommandFixture {
 protected:
  std::string SleepFrom(const std::string& address) {
    engine().session->peer_address = address;
    return Run({"debug", "sleep", "0"});
  }
};

TEST_F(DebugTest, IsRefusedUnlessItIsAllowed) {
  engine().server.debug_access = DebugAccess::kNo;
  EXPECT_EQ(SleepFrom("127.0.0.1:5000"), kRefused);
  EXPECT_EQ(Run({"debug", "help"}), kRefused);
  EXPECT_EQ(Run({"debug", "nonsense"}), kRefused);
  EXPECT_EQ(Run({"debug"}), "-ERR wrong number of arguments for 'debug' command");
}

TEST_F(DebugTest, IsRefusedBeforeItIsQueued) {
  engine().server.debug_access = DebugAccess::kNo;
  EXPECT_EQ(Run({"multi"}), "+OK");
  EXPECT_EQ(Run({"debug", "help"}), kRefused);
  EXPECT_EQ(Run({"exec"}), "-EXECABORT Transaction discarded because of previous errors.");
  engine().server.debug_access = DebugAccess::kYes;
  EXPECT_EQ(Run({"multi"}), "+OK");
  EXPECT_EQ(Run({"debug", "sleep", "0"}), "+QUEUED");
  EXPECT_EQ(Run({"exec"}), "[+OK]");
}

TEST_F(DebugTest, LocalMeansThisMachine) {
  engine().server.debug_access = DebugAccess::kLocal;
  for (const char* address : {"127.0.0.1:5000", "127.9.9.9:1", "[::1]:5000", "/run/duet.sock:0"}) {
    EXPECT_EQ(SleepFrom(address), "+OK") << address;
  }
  for (const char* address : {"10.127.0.1:5000", "[fe80::1]:5000", "128.0.0.1:1", ""}) {
    EXPECT_EQ(SleepFrom(address), kRefused) << address;
  }
}

TEST_F(DebugTest, ProtocolSpeaksResp3) {
  engine().session->protocol = 3;
  const auto reply = [this](const char* type) {
    return engine().Send({"debug", "protocol", type});
  };
  EXPECT_EQ(reply("double"), ",3.141\r\n");
  EXPECT_EQ(reply("bignum"), "(1234567999999999999999999999999999999\r\n");
  EXPECT_EQ(reply("null"), "_\r\n");
  EXPECT_EQ(reply("set"), "~3\r\n:0\r\n:1\r\n:2\r\n");
  EXPECT_EQ(reply("map"), "%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n");
  EXPECT_EQ(reply("verbatim"), "=29\r\ntxt:This is a verbatim\nstring\r\n");
  EXPECT_EQ(reply("attrib"),
            "|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n"
            "$39\r\nSome real reply following the attribute\r\n");
  EXPECT_EQ(reply("push"),
            ">2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n"
            "$40\r\nSome real reply following the push reply\r\n");
}

TEST_F(DebugTest, TurnsWorkInTheBackgroundOff) {
  Run({"debug", "set-active-expire", "0"});
  EXPECT_FALSE(engine().server.active_expire);
  Run({"debug", "set-active-expire", "1"});
  EXPECT_TRUE(engine().server.active_expire);
  Run({"debug", "pause-cron", "1"});
  EXPECT_TRUE(engine().server.background_paused);
  Run({"debug", "pause-cron", "0"});
  EXPECT_FALSE(engine().server.background_paused);
}

TEST_F(DebugTest, ObjectTellsOfTheUseAndIsNone) {
  Run({"set", "k", "v"});
  AdvanceTime(60'000);
  EXPECT_TRUE(Run({"debug", "object", "k"}).ends_with("lru_seconds_idle:60"));
  EXPECT_EQ(Run({"object", "idletime", "k"}), ":60");
}

}  // namespace
}  // namespace duet::commands
