// What CLIENT does between several sessions, and to replies that do not come.
#include <gtest/gtest.h>
#include <string>

#include "server/commands/client_pause.h"
#include "server/commands/maintenance.h"
#include "tests/support/command_fixture.h"

namespace duet::commands {
namespace {

using testing::FurtherClient;

class ClientTest : public testing::CommandFixture {
 protected:
  bool Lists(const std::string& text,
             std::initializer_list<std::string_view> command = {"client", "list"}) {
    return Run(command).find(text) != std::string::npos;
  }
};

TEST_F(ClientTest, ListShowsAllByIdAndWhatTheyDo) {
  FurtherClient second(engine());
  FurtherClient third(engine());
  second.Run({"client", "setname", "second"});
  second.Run({"select", "3"});
  AdvanceTime(5000);
  third.Run({"get", "k"});
  const std::string list = Run({"client", "list"});
  const size_t at_first = list.find("id=" + std::to_string(session().id) + " ");
  const size_t at_second = list.find(" name=second age=5 idle=5 flags=N db=3 ");
  const size_t at_third = list.find(" age=5 idle=0 flags=N db=0 ", at_second + 1);
  EXPECT_EQ(at_first, 1u) << list;
  EXPECT_LT(at_first, at_second);
  EXPECT_LT(at_second, at_third);
  EXPECT_NE(list.find(" cmd=get user=default ", at_third), std::string::npos) << list;
}

TEST_F(ClientTest, ListByIdKeepsTheOrderThatWasAskedFor) {
  FurtherClient second(engine());
  const std::string first_id = std::to_string(session().id);
  const std::string second_id = std::to_string(second.session().id);
  const std::string list = Run({"client", "list", "id", second_id, "77777", first_id, second_id});
  EXPECT_TRUE(list.starts_with("\"id=" + second_id + " ")) << list;
  EXPECT_NE(list.find("\\nid=" + first_id + " "), std::string::npos);
  EXPECT_EQ(std::count(list.begin(), list.end(), '\\'), 3);
}

TEST_F(ClientTest, ListCountsWhatWaitsForAClient) {
  FurtherClient second(engine());
  const auto mail = std::make_shared<const std::string>("+hello\r\n");
  second.session().mailbox->Send(mail, {}, 0);
  second.session().mailbox->Send(mail, {}, 0);
  EXPECT_TRUE(Lists(" oll=2 omem=16 "));
  second.Mail();
  EXPECT_FALSE(Lists(" omem=16 "));
}

TEST_F(ClientTest, KillClosesTheMailboxAndHidesTheClientAtOnce) {
  FurtherClient second(engine());
  FurtherClient third(engine());
  const std::string id = std::to_string(second.session().id);
  EXPECT_EQ(Run({"client", "kill", "id", id}), ":1");
  EXPECT_TRUE(second.session().mailbox->closed());
  EXPECT_FALSE(third.session().mailbox->closed());
  EXPECT_EQ(Run({"client", "kill", "id", id}), ":0");
  EXPECT_FALSE(Lists("id=" + id + " "));
}

TEST_F(ClientTest, KillByAddressAgeAndType) {
  FurtherClient old(engine());
  AdvanceTime(10'000);
  FurtherClient young(engine());
  EXPECT_EQ(Run({"client", "kill", "maxage", "11"}), ":0");
  EXPECT_EQ(Run({"client", "kill", "maxage", "10"}), ":1");
  EXPECT_TRUE(old.session().mailbox->closed());
  EXPECT_EQ(Run({"client", "kill", "type", "pubsub"}), ":0");
  EXPECT_EQ(Run({"client", "kill", "type", "normal", "laddr", "127.0.0.1:1"}), ":0");
  EXPECT_EQ(Run({"client", "kill", young.session().peer_address}), "+OK");
  EXPECT_TRUE(young.session().mailbox->closed());
}

TEST_F(ClientTest, KillSkipsTheOwnConnectionUnlessToldOtherwise) {
  FurtherClient second(engine());
  EXPECT_EQ(Run({"client", "kill", "user", "default"}), ":1");
  EXPECT_FALSE(session().close_after_reply);
  EXPECT_EQ(Run({"client", "kill", "user", "default", "skipme", "no"}), ":1");
  EXPECT_TRUE(session().close_after_reply);
  EXPECT_FALSE(session().mailbox->closed());  // the reply goes out first
}

TEST_F(ClientTest, APauseHoldsCommandsUntilItsEnd) {
  FurtherClient second(engine());
  Run({"client", "pause", "1000"});
  EXPECT_EQ(second.Run({"set", "k", "v"}), "");
  EXPECT_TRUE(second.session().waits);
  EXPECT_EQ(second.session().wait->until_ms, testing::kStartMs + 1000);
  AdvanceTime(999);
  EXPECT_EQ(second.Resume(), "waits");
  AdvanceTime(1);
  EXPECT_EQ(second.Resume(), "");
  EXPECT_EQ(second.Run({"set", "k", "v"}), "+OK");
}

TEST_F(ClientTest, APauseOfWritesHoldsWritesOnly) {
  FurtherClient second(engine());
  Run({"client", "pause", "1000", "write"});
  EXPECT_EQ(second.Run({"get", "k"}), "nil");
  EXPECT_EQ(second.Run({"set", "k"}), "-ERR wrong number of arguments for 'set' command");
  EXPECT_EQ(second.Run({"set", "k", "v"}), "");
  EXPECT_TRUE(Lists(" flags=b "));
  EXPECT_EQ(Run({"client", "unpause"}), "+OK");
  EXPECT_EQ(second.Resume(), "");
  EXPECT_FALSE(Lists(" flags=b "));
  EXPECT_EQ(second.Run({"set", "k", "v"}), "+OK");
  EXPECT_FALSE(engine().server.modes.Has(kPaused));
}

TEST_F(ClientTest, OfTwoPausesTheLongerAndTheStricterCount) {
  FurtherClient second(engine());
  Run({"client", "pause", "1000", "write"});
  second.Run({"client", "pause", "10", "all"});
  AdvanceTime(500);
  EXPECT_EQ(second.Run({"get", "k"}), "");
  EXPECT_EQ(second.session().wait->until_ms, testing::kStartMs + 1000);
  AdvanceTime(500);
  EXPECT_EQ(second.Resume(), "");
  Run({"client", "pause", "10", "write"});
  EXPECT_EQ(second.Run({"get", "k"}), "nil");
}

TEST_F(ClientTest, APauseThatIsOverCostsNothing) {
  Run({"client", "pause", "10"});
  EXPECT_TRUE(IsPaused(engine().server, testing::kStartMs));
  AdvanceTime(10);
  EXPECT_FALSE(IsPaused(engine().server, testing::kStartMs + 10));
  Run({"ping"});
  EXPECT_EQ(engine().server.modes.Get(), 0u);
}

TEST_F(ClientTest, APauseDoesNotHoldAClientThatMonitors) {
  FurtherClient monitor(engine());
  monitor.session().set(kMonitors, true);
  Run({"client", "pause", "1000"});
  EXPECT_EQ(monitor.Run({"ping"}), "+PONG");
}

TEST_F(ClientTest, NobodyIsUnblockedFromAPause) {
  FurtherClient second(engine());
  Run({"client", "pause", "1000", "write"});
  second.Run({"set", "k", "v"});
  EXPECT_EQ(Run({"client", "unblock", std::to_string(second.session().id)}), ":0");
  EXPECT_EQ(second.Resume(), "waits");
}

class UnblockTest : public ClientTest {
 protected:
  UnblockTest() {
    second_.session().StartWait({.what = Wait::For::kReplicas, .until_ms = Wait::kNoEnd});
  }
  FurtherClient second_{engine()};
  const std::string id_ = std::to_string(second_.session().id);
};

TEST_F(UnblockTest, AsOnTimeout) {
  EXPECT_TRUE(Lists(" flags=b "));
  EXPECT_EQ(second_.Resume(), "waits");
  EXPECT_EQ(Run({"client", "unblock", id_}), ":1");
  EXPECT_EQ(Run({"client", "unblock", id_}), ":0");  // once
  EXPECT_EQ(second_.Resume(), ":0");
  EXPECT_FALSE(second_.session().waits);
}

TEST_F(UnblockTest, WithAnError) {
  EXPECT_EQ(Run({"client", "unblock", id_, "ERROR"}), ":1");
  EXPECT_EQ(second_.Resume(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
}

TEST_F(UnblockTest, AReplyThatWasSkippedDoesNotComeLater) {
  second_.session().set(kSkipsReply, true);
  EXPECT_EQ(Run({"client", "unblock", id_}), ":1");
  EXPECT_EQ(second_.Resume(), "");
  EXPECT_EQ(second_.Run({"ping"}), "+PONG");
}

class ReplyTest : public ClientTest {};

TEST_F(ReplyTest, OffSilencesRepliesAndErrorsUntilOn) {
  EXPECT_EQ(Run({"client", "reply", "off"}), "");
  EXPECT_EQ(Run({"set", "k", "v"}), "");
  EXPECT_EQ(Run({"mget", "k", "k"}), "");
  EXPECT_EQ(Run({"incr", "k"}), "");
  EXPECT_EQ(Run({"nonsense"}), "");
  EXPECT_EQ(Run({"get"}), "");
  EXPECT_EQ(Run({"client", "reply", "skip"}), "");
  EXPECT_EQ(Run({"client", "reply", "on"}), "+OK");
  EXPECT_EQ(Run({"get", "k"}), "\"v\"");
}

TEST_F(ReplyTest, OffLetsPushesThroughAndNothingElse) {
  Run({"hello", "3"});
  EXPECT_EQ(Run({"client", "reply", "off"}), "");
  EXPECT_EQ(Run({"subscribe", "a", "b"}), ">[\"subscribe\" \"a\" :1] >[\"subscribe\" \"b\" :2]");
  for (const char* name : {"multi", "get", "unsubscribe", "get"}) {
    const bool has_key = std::string_view(name) == "get";
    EXPECT_EQ(has_key ? Run({name, "k"}) : Run({name}), "");
  }
  EXPECT_EQ(Run({"exec"}), ">[\"unsubscribe\" \"a\" :1] >[\"unsubscribe\" \"b\" :0]");
}

TEST_F(ReplyTest, SkipSilencesItselfAndTheNextOne) {
  EXPECT_EQ(RunBatch({{"ping", "1"}, {"client", "reply", "skip"}, {"ping", "2"}, {"ping", "3"}}),
            (std::vector<std::string>{"\"1\"", "", "", "\"3\""}));
  EXPECT_EQ(
      RunBatch(
          {{"client", "reply", "skip"}, {"client", "reply", "skip"}, {"ping", "2"}, {"ping", "3"}}),
      (std::vector<std::string>{"", "", "", "\"3\""}));
}

TEST_F(ReplyTest, OnTakesASkipBack) {
  EXPECT_EQ(Run({"client", "reply", "skip"}), "");
  EXPECT_EQ(Run({"client", "reply", "on"}), "+OK");
  EXPECT_EQ(Run({"ping"}), "+PONG");
  EXPECT_EQ(session().modes, 0u);
}

TEST_F(ReplyTest, ASkipWaitsWithItsCommand) {
  FurtherClient second(engine());
  EXPECT_EQ(second.Run({"client", "reply", "skip"}), "");
  Run({"client", "pause", "1000", "write"});
  EXPECT_EQ(second.Run({"set", "k", "v"}), "");
  Run({"client", "unpause"});
  EXPECT_EQ(second.Resume(), "");
  EXPECT_EQ(second.Run({"set", "k", "v"}), "");
  EXPECT_EQ(second.Run({"get", "k"}), "\"v\"");
}

TEST_F(ReplyTest, ErrorsThatNobodySeesAreCounted) {
  Run({"client", "reply", "off"});
  Run({"incr"});
  Run({"client", "reply", "on"});
  EXPECT_NE(Run({"info", "commandstats"}).find("cmdstat_incr:calls=0,"), std::string::npos);
  EXPECT_NE(Run({"info", "errorstats"}).find("errorstat_ERR:count=1"), std::string::npos);
}

TEST_F(ClientTest, MaintenanceIsAnnouncedToThoseWhoAsked) {
  testing::FurtherClient asked(engine());
  testing::FurtherClient other(engine());
  for (testing::FurtherClient* client : {&asked, &other}) client->Run({"hello", "3"});
  asked.Run({"client", "maint_notifications", "on"});
  Maintenance& maintenance = engine().server.maintenance;
  maintenance.Announce(engine().server, engine().clock.WallMs() + 4001);
  EXPECT_EQ(asked.Mail(), ">[\"MOVING\" :1 :5 _]");
  EXPECT_EQ(other.Mail(), "");
  engine().clock.AdvanceMs(4000);
  other.Run({"client", "maint_notifications", "on"});
  EXPECT_EQ(other.Mail(), ">[\"MOVING\" :1 :1 _]");
}

}  // namespace
}  // namespace duet::commands
