// What the cases cannot say: a server with a password, RESP3, and the session behind the replies.
#include <gtest/gtest.h>
#include <string>

#include "tests/support/command_fixture.h"

namespace duet::commands {
namespace {

class ConnectionTest : public testing::CommandFixture {};

TEST_F(ConnectionTest, HelloThreeRepliesInTheNewProtocol) {
  const std::string id = std::to_string(session().id);
  EXPECT_EQ(Run({"hello", "3"}),
            "%{\"server\" \"redis\" \"version\" \"7.4.0\" \"proto\" :3 \"id\" :" + id +
                " \"mode\" \"standalone\" \"role\" \"master\" \"modules\" []}");
  EXPECT_EQ(Run({"get", "nope"}), "_");
  EXPECT_EQ(Run({"config", "get", "databases"}), "%{\"databases\" \"16\"}");
  EXPECT_TRUE(Run({"info", "cluster"}).starts_with("=txt:"));
  EXPECT_TRUE(Run({"hello", "2"}).starts_with("["));
  EXPECT_EQ(Run({"get", "nope"}), "nil");
}

TEST_F(ConnectionTest, HelloWithoutVersionKeepsTheProtocol) {
  Run({"hello", "3"});
  Run({"hello"});
  EXPECT_EQ(session().protocol, 3);
}

TEST_F(ConnectionTest, ResetGoesBackToTheBeginning) {
  Run({"hello", "3", "setname", "me"});
  Run({"select", "5"});
  EXPECT_EQ(Run({"reset"}), "+RESET");
  EXPECT_EQ(session().protocol, 2);
  EXPECT_EQ(session().database, 0);
  EXPECT_EQ(session().name.Get(), "");
}

TEST_F(ConnectionTest, QuitClosesBehindItsReply) {
  EXPECT_EQ(Run({"quit", "now"}), "+OK");
  EXPECT_TRUE(session().close_after_reply);
}

TEST_F(ConnectionTest, ClientInfoFollowsTheClock) {
  AdvanceTime(5000);
  EXPECT_NE(Run({"client", "info"}).find(" age=5 idle=0 "), std::string::npos);
}

class PasswordTest : public testing::CommandFixture {
 protected:
  PasswordTest() {
    engine().server.password.Set("s3cret");
    engine().Reset();
  }

  static constexpr const char* kNoAuth = "-NOAUTH Authentication required.";
  static constexpr const char* kWrongPass =
      "-WRONGPASS invalid username-password pair or user is disabled.";
};

TEST_F(PasswordTest, NothingBeforeAuth) {
  EXPECT_EQ(Run({"get", "k"}), kNoAuth);
  EXPECT_EQ(Run({"ping"}), kNoAuth);
  EXPECT_EQ(Run({"client", "id"}), kNoAuth);
  EXPECT_EQ(Run({"auth", "s3cret"}), "+OK");
  EXPECT_EQ(Run({"get", "k"}), "nil");
}

TEST_F(PasswordTest, QuitAndResetNeedNoAuth) {
  EXPECT_EQ(Run({"reset"}), "+RESET");
  EXPECT_EQ(Run({"quit"}), "+OK");
}

TEST_F(PasswordTest, WrongPasswords) {
  for (const char* wrong : {"", "s", "s3cre", "S3cret", "s3cretx", "s3crets3cret"}) {
    EXPECT_EQ(Run({"auth", wrong}), kWrongPass) << wrong;
    EXPECT_EQ(Run({"auth", "default", wrong}), kWrongPass) << wrong;
  }
  EXPECT_EQ(Run({"auth", "nobody", "s3cret"}), kWrongPass);
  EXPECT_FALSE(session().authenticated);
}

TEST_F(PasswordTest, AWrongPasswordLaterChangesNothing) {
  EXPECT_EQ(Run({"auth", "default", "s3cret"}), "+OK");
  EXPECT_EQ(Run({"auth", "wrong"}), kWrongPass);
  EXPECT_EQ(Run({"ping"}), "+PONG");
}

TEST_F(PasswordTest, HelloAuthenticates) {
  const std::string refused =
      "-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
      "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the "
      "RESP protocol version at the same time";
  EXPECT_EQ(Run({"hello"}), refused);
  EXPECT_EQ(Run({"hello", "3", "setname", "me"}), refused);
  EXPECT_EQ(session().protocol, 2);
  EXPECT_EQ(session().name.Get(), "");
  EXPECT_EQ(Run({"hello", "3", "auth", "default", "wrong"}), kWrongPass);
  EXPECT_EQ(Run({"hello", "4", "auth", "default", "s3cret"}),
            "-NOPROTO unsupported protocol version");
  EXPECT_FALSE(session().authenticated);
  EXPECT_TRUE(Run({"hello", "3", "auth", "default", "s3cret", "setname", "me"}).starts_with("%{"));
  EXPECT_EQ(session().name.Get(), "me");
  EXPECT_EQ(Run({"ping"}), "+PONG");
}

TEST_F(PasswordTest, ResetTakesTheAuthenticationAway) {
  Run({"auth", "s3cret"});
  Run({"reset"});
  EXPECT_EQ(Run({"get", "k"}), kNoAuth);
}

TEST_F(PasswordTest, WhoIsInStaysInWhenItChanges) {
  Run({"auth", "s3cret"});
  engine().server.password.Set("other");
  EXPECT_EQ(Run({"ping"}), "+PONG");
  EXPECT_EQ(Run({"auth", "s3cret"}), kWrongPass);
  EXPECT_EQ(Run({"ping"}), "+PONG");
  EXPECT_EQ(Run({"auth", "other"}), "+OK");
  Run({"reset"});
  EXPECT_EQ(Run({"ping"}), kNoAuth);
}

TEST_F(PasswordTest, TakenAwayItIsAskedOfNobody) {
  EXPECT_EQ(Run({"ping"}), kNoAuth);
  engine().server.password.Set("");
  EXPECT_EQ(Run({"ping"}), "+PONG");
  EXPECT_TRUE(Run({"auth", "s3cret"}).starts_with("-ERR AUTH <password> called without any"));
  EXPECT_TRUE(Run({"hello", "3"}).starts_with("-NOAUTH HELLO must be called"));
  engine().server.password.Set("back");
  EXPECT_EQ(Run({"ping"}), kNoAuth);
  engine().server.password.Set("");
  EXPECT_EQ(Run({"auth", "default", "anything"}), "+OK");
  engine().server.password.Set("back");
  EXPECT_EQ(Run({"ping"}), "+PONG");
}

TEST_F(PasswordTest, GivenLaterItIsAskedOfNewClientsOnly) {
  engine().server.password.Set("");
  engine().Reset();
  engine().server.password.Set("s3cret");
  EXPECT_EQ(Run({"ping"}), "+PONG");
  engine().Reset();
  EXPECT_EQ(Run({"ping"}), kNoAuth);
}

}  // namespace
}  // namespace duet::commands
