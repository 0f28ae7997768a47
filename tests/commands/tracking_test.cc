// Client-side caching: who is told of which key, when, and in which form.
#include "server/commands/tracking.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/support/command_fixture.h"
#include "tests/support/in_process.h"

namespace duet::commands {
namespace {

class TrackingTest : public testing::CommandFixture {
 protected:
  TrackingTest() { reader_.Run({"hello", "3"}); }

  // The other client, which causes the changes, is the fixture's own.
  testing::FurtherClient& reader() { return reader_; }
  std::string IdOf(testing::FurtherClient& client) { return std::to_string(client.session().id); }

 private:
  testing::FurtherClient reader_{engine()};
};

TEST_F(TrackingTest, AReaderIsToldOnceOfAKeyThatChanges) {
  reader().Run({"client", "tracking", "on"});
  Run({"set", "k", "1"});
  EXPECT_EQ(reader().Mail(), "");  // it has not read it
  reader().Run({"get", "k"});
  Run({"set", "k", "2"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"k\"]]");
  Run({"set", "k", "3"});
  EXPECT_EQ(reader().Mail(), "");
  reader().Run({"get", "k"});
  Run({"append", "k", "0"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"k\"]]");
}

TEST_F(TrackingTest, AllKeysOfACommandAreRemembered) {
  reader().Run({"client", "tracking", "on"});
  reader().Run({"mget", "a", "b"});
  EXPECT_EQ(engine().tracking->keys(), 2u);
  EXPECT_EQ(engine().tracking->items(), 2u);
  Run({"set", "b", "1"});
  Run({"set", "a", "1"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"b\"]] >[\"invalidate\" [\"a\"]]");
  EXPECT_EQ(engine().tracking->keys(), 0u);
  EXPECT_EQ(engine().tracking->items(), 0u);
}

TEST_F(TrackingTest, OnlyReadsAreRemembered) {
  reader().Run({"client", "tracking", "on"});
  reader().Run({"set", "k", "1"});
  reader().Run({"getex", "k"});
  reader().Run({"watch", "k"});
  EXPECT_EQ(engine().tracking->keys(), 0u);
  reader().Run({"ttl", "k"});
  EXPECT_EQ(engine().tracking->keys(), 1u);
}

TEST_F(TrackingTest, DeletedRenamedMovedAndExpiredKeysHaveChanged) {
  reader().Run({"client", "tracking", "on"});
  Run({"mset", "deleted", "1", "from", "1", "moved", "1"});
  Run({"set", "expires", "1", "px", "10"});
  reader().Run({"mget", "deleted", "from", "to", "moved", "expires"});
  Run({"del", "deleted"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"deleted\"]]");
  Run({"rename", "from", "to"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"from\"]] >[\"invalidate\" [\"to\"]]");
  Run({"move", "moved", "1"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"moved\"]]");
  engine().clock.AdvanceMs(20);
  engine().store->EraseExpired(engine().clock.WallMs(), 10);
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"expires\"]]");
}

TEST_F(TrackingTest, AnOwnChangeIsToldUnlessNoLoop) {
  reader().Run({"client", "tracking", "on"});
  reader().Run({"get", "k"});
  reader().Run({"set", "k", "1"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"k\"]]");
  reader().Run({"client", "tracking", "on", "noloop"});
  reader().Run({"get", "k"});
  reader().Run({"set", "k", "2"});
  EXPECT_EQ(reader().Mail(), "");
  reader().Run({"get", "k"});
  Run({"set", "k", "3"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"k\"]]");
}

TEST_F(TrackingTest, OptInRemembersTheCommandAfterCachingYes) {
  reader().Run({"client", "tracking", "on", "optin"});
  reader().Run({"get", "a"});
  EXPECT_EQ(engine().tracking->keys(), 0u);
  reader().Run({"client", "caching", "yes"});
  reader().Run({"get", "a"});
  reader().Run({"get", "b"});
  EXPECT_EQ(engine().tracking->keys(), 1u);
  Run({"mset", "a", "1", "b", "1"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"a\"]]");
}

TEST_F(TrackingTest, OptInRemembersAWholeTransaction) {
  reader().Run({"client", "tracking", "on", "optin"});
  reader().Run({"client", "caching", "yes"});
  reader().Run({"multi"});
  reader().Run({"get", "a"});
  reader().Run({"get", "b"});
  reader().Run({"exec"});
  reader().Run({"get", "c"});
  EXPECT_EQ(engine().tracking->keys(), 2u);
}

TEST_F(TrackingTest, CachingInsideOfATransactionHoldsForWhatFollows) {
  reader().Run({"client", "tracking", "on", "optin"});
  reader().Run({"multi"});
  reader().Run({"get", "a"});
  reader().Run({"client", "caching", "yes"});
  reader().Run({"get", "b"});
  reader().Run({"exec"});
  EXPECT_EQ(engine().tracking->keys(), 1u);
  Run({"mset", "a", "1", "b", "1"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"b\"]]");
}

TEST_F(TrackingTest, OptOutLeavesOutTheCommandAfterCachingNo) {
  reader().Run({"client", "tracking", "on", "optout"});
  reader().Run({"client", "caching", "no"});
  reader().Run({"get", "a"});
  reader().Run({"get", "b"});
  Run({"mset", "a", "1", "b", "1"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"b\"]]");
}

TEST_F(TrackingTest, PrefixesHaveALimit) {
  std::vector<std::string> command = {"client", "tracking", "on", "bcast"};
  const auto add = [&command](int number) {
    command.insert(command.end(), {"prefix", std::to_string(number) + ":"});
  };
  for (int i = 0; i < 1000; ++i) add(i);
  EXPECT_EQ(RunBatch({command})[0], "+OK");
  EXPECT_EQ(Run({"client", "tracking", "on", "bcast", "prefix", "x"}),
            "-ERR A client can track at most 1000 prefixes");
  Run({"client", "tracking", "off"});
  add(1000);
  EXPECT_EQ(RunBatch({command})[0], "-ERR A client can track at most 1000 prefixes");
  EXPECT_EQ(engine().tracking->prefixes(), 0u);
}

TEST_F(TrackingTest, BroadcastTellsOfEveryKeyWithThePrefix) {
  reader().Run({"client", "tracking", "on", "bcast", "prefix", "a:", "prefix", "b:"});
  EXPECT_EQ(engine().tracking->prefixes(), 2u);
  Run({"set", "a:1", "1"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"a:1\"]]");
  Run({"set", "c:1", "1"});
  Run({"set", "a", "1"});
  EXPECT_EQ(reader().Mail(), "");
  Run({"set", "b:", "1"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"b:\"]]");
  reader().Run({"client", "tracking", "off"});
  EXPECT_EQ(engine().tracking->prefixes(), 0u);
  Run({"set", "a:1", "2"});
  EXPECT_EQ(reader().Mail(), "");
}

TEST_F(TrackingTest, ABatchIsOneBroadcast) {
  reader().Run({"client", "tracking", "on", "bcast"});
  engine().RunBatch({{"set", "a", "1"}, {"mset", "b", "1", "a", "2"}});
  const std::string mail = reader().Mail();
  EXPECT_TRUE(mail == ">[\"invalidate\" [\"a\" \"b\"]]" ||
              mail == ">[\"invalidate\" [\"b\" \"a\"]]")
      << mail;
}

TEST_F(TrackingTest, ABroadcastLeavesOutOwnChangesWithNoLoop) {
  reader().Run({"client", "tracking", "on", "bcast", "noloop"});
  reader().Run({"set", "own", "1"});
  EXPECT_EQ(reader().Mail(), "");
  Run({"set", "k", "1"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" [\"k\"]]");
}

TEST_F(TrackingTest, AFlushAndASwapInvalidateAllKeys) {
  reader().Run({"client", "tracking", "on"});
  reader().Run({"get", "k"});
  Run({"flushdb"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" _]");
  EXPECT_EQ(engine().tracking->keys(), 0u);
  Run({"flushall"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" _]");
  Run({"swapdb", "0", "0"});
  EXPECT_EQ(reader().Mail(), "");
  Run({"swapdb", "0", "1"});
  EXPECT_EQ(reader().Mail(), ">[\"invalidate\" _]");
}

TEST_F(TrackingTest, AnotherClientHearsOfIt) {
  testing::FurtherClient target(engine());
  testing::FurtherClient reader2(engine());  // of RESP2, as the target
  reader2.Run({"client", "tracking", "on", "redirect", IdOf(target)});
  EXPECT_EQ(reader2.Run({"client", "getredir"}), ":" + IdOf(target));
  reader2.Run({"get", "k"});
  Run({"set", "k", "1"});
  EXPECT_EQ(target.Mail(), "");  // it listens to no channel
  target.Run({"subscribe", "__redis__:invalidate"});
  reader2.Run({"get", "k"});
  Run({"set", "k", "2"});
  EXPECT_EQ(target.Mail(), ">[\"message\" \"__redis__:invalidate\" [\"k\"]]");
  Run({"flushall"});
  EXPECT_EQ(target.Mail(), ">[\"message\" \"__redis__:invalidate\" nil]");
  EXPECT_EQ(reader2.Mail(), "");
}

TEST_F(TrackingTest, ARedirectToAClientOfResp3) {
  testing::FurtherClient target(engine());
  target.Run({"hello", "3"});
  testing::FurtherClient reader2(engine());
  reader2.Run({"client", "tracking", "on", "redirect", IdOf(target)});
  reader2.Run({"get", "k"});
  Run({"set", "k", "1"});
  EXPECT_EQ(target.Mail(), ">[\"invalidate\" [\"k\"]]");
}

TEST_F(TrackingTest, ARedirectToAClientThatIsGone) {
  testing::FurtherClient target(engine());
  const std::string id = IdOf(target);
  reader().Run({"client", "tracking", "on", "redirect", id});
  target.Leave();
  reader().Run({"get", "k"});
  Run({"set", "k", "1"});
  EXPECT_EQ(reader().Mail(), ">[\"tracking-redir-broken\" :" + id + "]");
  EXPECT_EQ(reader().Run({"client", "trackinginfo"}),
            "%{\"flags\" ~[\"on\" \"broken_redirect\"] \"redirect\" :" + id + " \"prefixes\" []}");
  EXPECT_NE(reader().Run({"client", "list"}).find("flags=tR"), std::string::npos);
}

TEST_F(TrackingTest, AClientOfResp2WithoutRedirectHearsNothing) {
  testing::FurtherClient reader2(engine());
  reader2.Run({"client", "tracking", "on"});
  reader2.Run({"get", "k"});
  Run({"set", "k", "1"});
  EXPECT_EQ(reader2.Mail(), "");
}

TEST_F(TrackingTest, WhoStopsOrLeavesHearsNoMore) {
  {
    testing::FurtherClient gone(engine());
    gone.Run({"hello", "3"});
    gone.Run({"client", "tracking", "on"});
    gone.Run({"get", "k"});
    reader().Run({"client", "tracking", "on"});
    reader().Run({"get", "k"});
    reader().Run({"client", "tracking", "off"});
  }
  Run({"set", "k", "1"});
  EXPECT_EQ(reader().Mail(), "");
  EXPECT_EQ(engine().tracking->keys(), 0u);
  reader().Run({"client", "tracking", "on", "bcast"});
  reader().Run({"reset"});
  EXPECT_EQ(engine().tracking->prefixes(), 0u);
}

TEST_F(TrackingTest, ClientsThatComeAndGoDoNotPileUpBehindAKey) {
  reader().Run({"client", "tracking", "on"});
  for (int i = 0; i < 100; ++i) {
    testing::FurtherClient passing(engine());
    passing.Run({"client", "tracking", "on"});
    passing.Run({"get", "k"});
  }
  EXPECT_LT(engine().tracking->items(), 10u);
}

TEST_F(TrackingTest, AKeyBeyondTheLimitIsTold) {
  engine().tracking->set_max_keys(10);
  reader().Run({"client", "tracking", "on"});
  for (int i = 0; i < 30; ++i) reader().Run({"get", std::to_string(i)});
  EXPECT_EQ(engine().tracking->keys(), 10u);
  const std::string mail = reader().Mail();
  size_t told = 0;
  for (size_t at = 0; (at = mail.find("invalidate", at)) != std::string::npos; ++at) ++told;
  EXPECT_EQ(told, 20u);
  engine().tracking->set_max_keys(3);
  engine().tracking->EnforceLimit();
  EXPECT_EQ(engine().tracking->keys(), 3u);
  engine().tracking->set_max_keys(0);
  for (int i = 0; i < 30; ++i) reader().Run({"get", std::to_string(i)});
  EXPECT_EQ(engine().tracking->keys(), 30u);
}

TEST_F(TrackingTest, ClientListShowsIt) {
  reader().Run({"client", "tracking", "on", "bcast", "redirect", IdOf(reader())});
  const std::string line = reader().Run({"client", "info"});
  EXPECT_NE(line.find(" flags=tB "), std::string::npos) << line;
  EXPECT_NE(line.find(" redir=" + IdOf(reader()) + " "), std::string::npos) << line;
}

}  // namespace
}  // namespace duet::commands
