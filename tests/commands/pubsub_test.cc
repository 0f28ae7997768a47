// Several clients: what one publishes, and what the others get.
#include <gtest/gtest.h>
#include <string>

#include "tests/commands/listener.h"
#include "tests/support/command_fixture.h"

namespace duet::commands {
namespace {

using testing::Listener;

class PubsubTest : public testing::CommandFixture {};

TEST_F(PubsubTest, AMessageReachesAllWhoListen) {
  Listener first(engine());
  Listener second(engine());
  EXPECT_EQ(first.Run({"subscribe", "news"}), "[\"subscribe\" \"news\" :1]");
  EXPECT_EQ(second.Run({"psubscribe", "n*"}), "[\"psubscribe\" \"n*\" :1]");
  EXPECT_EQ(Run({"publish", "news", "hello"}), ":2");
  EXPECT_EQ(first.Mail(), ">[\"message\" \"news\" \"hello\"]");
  EXPECT_EQ(second.Mail(), ">[\"pmessage\" \"n*\" \"news\" \"hello\"]");
  EXPECT_EQ(Run({"publish", "sport", "x"}), ":0");
  EXPECT_EQ(first.Mail(), "");
}

TEST_F(PubsubTest, ShardChannelsAreOthers) {
  Listener listener(engine());
  listener.Run({"hello", "3"});
  listener.Run({"ssubscribe", "news"});
  listener.Run({"psubscribe", "*"});
  EXPECT_EQ(Run({"spublish", "news", "hello"}), ":1");
  EXPECT_EQ(listener.Mail(), ">[\"smessage\" \"news\" \"hello\"]");
  EXPECT_EQ(Run({"publish", "news", "hello"}), ":1");
  EXPECT_EQ(listener.Mail(), ">[\"pmessage\" \"*\" \"news\" \"hello\"]");
  EXPECT_EQ(Run({"pubsub", "shardnumsub", "news"}), "[\"news\" :1]");
}

TEST_F(PubsubTest, SeveralChannelsAreConfirmedOneByOne) {
  Listener listener(engine());
  EXPECT_EQ(listener.Run({"subscribe", "a", "b", "a"}),
            "[\"subscribe\" \"a\" :1] [\"subscribe\" \"b\" :2] [\"subscribe\" \"a\" :2]");
  EXPECT_EQ(listener.Run({"psubscribe", "p*", "q*"}),
            "[\"psubscribe\" \"p*\" :3] [\"psubscribe\" \"q*\" :4]");
  EXPECT_EQ(listener.Run({"unsubscribe"}), "[\"unsubscribe\" \"a\" :3] [\"unsubscribe\" \"b\" :2]");
  EXPECT_EQ(listener.Run({"punsubscribe", "x", "p*"}),
            "[\"punsubscribe\" \"x\" :2] [\"punsubscribe\" \"p*\" :1]");
}

TEST_F(PubsubTest, PubsubSeesAllClients) {
  Listener first(engine());
  Listener second(engine());
  first.Run({"subscribe", "a", "b"});
  second.Run({"subscribe", "a"});
  first.Run({"psubscribe", "p*", "q*"});
  second.Run({"psubscribe", "p*"});
  EXPECT_EQ(Run({"pubsub", "numsub", "a", "b", "c"}), "[\"a\" :2 \"b\" :1 \"c\" :0]");
  EXPECT_EQ(Run({"pubsub", "numpat"}), ":2");
  EXPECT_EQ(Run({"pubsub", "channels", "b*"}), "[\"b\"]");
}

TEST_F(PubsubTest, AClientsEndTakesItOut) {
  {
    Listener listener(engine());
    listener.Run({"subscribe", "a"});
    listener.Run({"psubscribe", "*"});
    EXPECT_EQ(Run({"publish", "a", "x"}), ":2");
  }
  EXPECT_EQ(Run({"publish", "a", "x"}), ":0");
  EXPECT_EQ(Run({"pubsub", "numpat"}), ":0");
}

TEST_F(PubsubTest, AClosedMailboxReceivesNothing) {
  Listener listener(engine());
  listener.Run({"subscribe", "a"});
  listener.session().mailbox->Close();
  EXPECT_EQ(Run({"publish", "a", "x"}), ":0");
}

TEST_F(PubsubTest, AReceiverThatDoesNotReadIsClosedAtItsLimit) {
  engine().server.output_limits.Set(ClientClass::kPubsub, {.hard_bytes = 1000});
  Listener listener(engine());
  listener.Run({"subscribe", "a"});
  EXPECT_EQ(Run({"publish", "a", std::string(900, 'x')}), ":1");
  EXPECT_EQ(Run({"publish", "a", std::string(900, 'x')}), ":0");
  EXPECT_TRUE(listener.session().mailbox->overflowed());
}

TEST_F(PubsubTest, AReceiverAboveItsSoftLimitIsClosedAfterAWhile) {
  engine().server.output_limits.Set(ClientClass::kPubsub, {.soft_bytes = 100, .soft_ms = 5000});
  Listener listener(engine());
  const ClientRegistry::Entry entry(engine().clients, listener.session());
  listener.Run({"subscribe", "a"});
  EXPECT_EQ(Run({"publish", "a", std::string(100, 'x')}), ":1");
  AdvanceTime(5000);
  EnforceOutputLimits(engine().server);
  EXPECT_FALSE(listener.session().mailbox->closed());
  AdvanceTime(1);
  EnforceOutputLimits(engine().server);
  EXPECT_TRUE(listener.session().mailbox->overflowed());
}

TEST_F(PubsubTest, OneSubscriptionMoreThanTheLimitIsRefused) {
  engine().limits.max_subscriptions = 3;
  Listener listener(engine());
  listener.Run({"subscribe", "a", "b"});
  const std::string refusal = "-ERR a client may listen to at most 3 channels and patterns";
  EXPECT_EQ(listener.Run({"psubscribe", "p*", "q*"}), refusal);
  EXPECT_EQ(listener.Run({"psubscribe", "p*"}), "[\"psubscribe\" \"p*\" :3]");
  EXPECT_EQ(listener.Run({"ssubscribe", "s"}), refusal);
  EXPECT_EQ(listener.Run({"subscribe", "a", "b", "a"}),  // which are no further ones
            "[\"subscribe\" \"a\" :3] [\"subscribe\" \"b\" :3] [\"subscribe\" \"a\" :3]");
}

TEST_F(PubsubTest, LongerNamesThanTheLimitAreRefused) {
  engine().limits.max_subscription_bytes = 10;
  Listener listener(engine());
  const std::string refusal =
      "-ERR a client may listen to at most 10 bytes of channel and pattern names";
  EXPECT_EQ(listener.Run({"subscribe", "elevenbytes"}), refusal);
  EXPECT_EQ(listener.Run({"subscribe", "abcd", "abcd", "efg"}),
            "[\"subscribe\" \"abcd\" :1] [\"subscribe\" \"abcd\" :1] [\"subscribe\" \"efg\" :2]");
  EXPECT_EQ(listener.Run({"psubscribe", "abcd"}), refusal);
  EXPECT_EQ(listener.Run({"ssubscribe", "s", "s"}),
            "[\"ssubscribe\" \"s\" :1] [\"ssubscribe\" \"s\" :1]");
  EXPECT_EQ(listener.Run({"psubscribe", "h*"}), "[\"psubscribe\" \"h*\" :3]");
  EXPECT_EQ(listener.Run({"ssubscribe", "t"}), refusal);
  EXPECT_EQ(listener.Run({"subscribe", "abcd"}), "[\"subscribe\" \"abcd\" :3]");
}

TEST_F(PubsubTest, WhatIsLeftGivesTheBytesOfItsNameBack) {
  engine().limits.max_subscription_bytes = 4;
  Listener listener(engine());
  for (const char* leave : {"unsubscribe", "reset"}) {
    EXPECT_EQ(listener.Run({"subscribe", "abcd"}), "[\"subscribe\" \"abcd\" :1]");
    listener.Run({leave});
  }
  listener.Run({"subscribe", "abc"});
  listener.Run({"unsubscribe", "other"});  // which it does not listen to
  EXPECT_EQ(listener.Run({"psubscribe", "de"}),
            "-ERR a client may listen to at most 4 bytes of channel and pattern names");
  EXPECT_EQ(listener.Run({"psubscribe", "d"}), "[\"psubscribe\" \"d\" :2]");
}

TEST_F(PubsubTest, ASingleCallMayPublishButNotSubscribe) {
  Listener listener(engine());
  listener.Run({"subscribe", "a"});
  testing::InProcess unary(Door::kGrpcUnary);
  unary.server.hub = engine().server.hub;
  EXPECT_EQ(unary.Run({"publish", "a", "x"}), ":1");
  EXPECT_EQ(unary.Run({"pubsub", "numsub", "a"}), "[\"a\" :1]");
  for (const char* command :
       {"subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe"}) {
    EXPECT_EQ(unary.Run({command, "a"}),
              std::string("-ERR '") + command +
                  "' belongs to a connection and has no meaning in a single call");
  }
}

// Redis puts the message among the elements of EXEC's reply, which then has more than it announces.
TEST_F(PubsubTest, AChannelThatExecJoinsAndLeavesSendsNothingBehindItsReply) {
  Listener listener(engine());
  const auto exec = [&listener](std::initializer_list<std::string_view> last) {
    listener.Run({"multi"});
    listener.Run({"subscribe", "a"});
    listener.Run({"publish", "a", "x"});
    listener.Run(last);
    return listener.Run({"exec"});
  };
  EXPECT_EQ(exec({"unsubscribe", "a"}), "[[\"subscribe\" \"a\" :1] :1 [\"unsubscribe\" \"a\" :0]]");
  EXPECT_EQ(listener.Mail(), "");
  // One that still listens is pushed to in any case, and RESP3 tells pushes from replies.
  exec({"ping"});
  EXPECT_EQ(listener.Mail(), ">[\"message\" \"a\" \"x\"]");
  listener.Run({"unsubscribe"});
  listener.Run({"hello", "3"});
  exec({"unsubscribe", "a"});
  EXPECT_EQ(listener.Mail(), ">[\"message\" \"a\" \"x\"]");
}

// A client that hears that it is out must not get a message behind that.
TEST_F(PubsubTest, MailIsDeliveredBeforeTheConfirmationThatNoMoreComes) {
  class Carrier final : public MailCarrier {
   public:
    explicit Carrier(Listener& listener) : listener_(listener) {}
    void DeliverMail() override { delivered += listener_.Mail(); }
    std::string delivered;

   private:
    Listener& listener_;
  };
  Listener listener(engine());
  Carrier carrier(listener);
  listener.session().carrier = &carrier;
  listener.Run({"subscribe", "a"});
  Run({"publish", "a", "1"});
  listener.Run({"unsubscribe", "a"});
  EXPECT_EQ(carrier.delivered, ">[\"message\" \"a\" \"1\"]");
  listener.Run({"subscribe", "a"});
  Run({"publish", "a", "2"});
  carrier.delivered.clear();
  listener.Run({"reset"});
  EXPECT_EQ(carrier.delivered, ">[\"message\" \"a\" \"2\"]");
}

}  // namespace
}  // namespace duet::commands
