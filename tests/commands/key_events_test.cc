// Keyspace notifications: which command publishes which events, in Redis' words and order.
#include "server/commands/key_events.h"

#include <gtest/gtest.h>
#include <string>

#include "server/commands/key_observers.h"
#include "tests/commands/listener.h"
#include "tests/support/command_fixture.h"

namespace duet::commands {
namespace {

constexpr std::string_view kDumpOfFoo(
    "\x00\x03"
    "foo\n\x00"
    "sI9\xdbM\xc1\xba\x97",
    15);

class KeyEventsTest : public testing::CommandFixture {
 protected:
  KeyEventsTest() { listener_.Run({"psubscribe", "__key*"}); }

  void SetEvents(std::string_view letters) {
    const uint32_t events = *ParseKeyEvents(letters);
    engine().server.key_events = events;
    engine().observers->Listen(observer_, KeyEventObserver::Listens(events));
  }

  // What was published since the last call: "set:k del:k", of any database but 0 "set:k@3".
  std::string Events() {
    std::string events;
    for (const pubsub::Message& message : listener_.session().mailbox->TakeAll()) {
      // ["pmessage" "__key*" "__keyevent@0__:set" "k"]
      const std::string text = testing::Notation(*message);
      const size_t at = text.find('@');
      const size_t colon = text.find(':', at);
      const size_t quote = text.find('"', colon);
      const std::string database = text.substr(at, text.find('_', at) - at);
      if (!events.empty()) events += ' ';
      events += text.substr(colon + 1, quote - colon - 1) + ':';
      events += text.substr(quote + 3, text.size() - quote - 5);
      if (database != "@0") events += database;
    }
    return events;
  }
  std::string EventsOf(std::initializer_list<std::string_view> argv) {
    Events();
    Run(argv);
    return Events();
  }

 private:
  testing::Listener listener_{engine()};
  KeyEventObserver observer_{engine().server};
};

TEST_F(KeyEventsTest, NothingIsPublishedUnlessAskedFor) {
  EXPECT_EQ(EventsOf({"set", "k", "v"}), "");
  SetEvents("A");
  EXPECT_EQ(EventsOf({"set", "k", "v"}), "");
  SetEvents("KE");
  EXPECT_EQ(EventsOf({"set", "k", "v"}), "");
  SetEvents("Eg");
  EXPECT_EQ(EventsOf({"set", "k", "v"}), "");
  EXPECT_EQ(EventsOf({"del", "k"}), "del:k");
}

TEST_F(KeyEventsTest, TheKeyspaceComesBeforeTheEvent) {
  testing::Listener both(engine());
  both.Run({"psubscribe", "*"});
  SetEvents("KE$");
  Run({"select", "3"});
  Run({"set", "k", "v"});
  EXPECT_EQ(both.Mail(),
            ">[\"pmessage\" \"*\" \"__keyspace@3__:k\" \"set\"] "
            ">[\"pmessage\" \"*\" \"__keyevent@3__:set\" \"k\"]");
}

TEST_F(KeyEventsTest, Strings) {
  SetEvents("EA");
  EXPECT_EQ(EventsOf({"set", "k", "1"}), "set:k");
  EXPECT_EQ(EventsOf({"set", "k", "1", "ex", "10"}), "set:k expire:k");
  EXPECT_EQ(EventsOf({"set", "k", "1", "keepttl"}), "set:k");
  EXPECT_EQ(EventsOf({"set", "k", "1", "nx"}), "");
  EXPECT_EQ(EventsOf({"set", "k", "1", "get"}), "set:k");
  EXPECT_EQ(EventsOf({"set", "gone", "1", "pxat", "1"}), "set:gone expire:gone expired:gone");
  EXPECT_EQ(EventsOf({"setnx", "k", "1"}), "");
  EXPECT_EQ(EventsOf({"setnx", "n", "1"}), "set:n");
  EXPECT_EQ(EventsOf({"setex", "k", "10", "1"}), "set:k expire:k");
  EXPECT_EQ(EventsOf({"psetex", "k", "10", "1"}), "set:k expire:k");
  EXPECT_EQ(EventsOf({"getset", "k", "1"}), "set:k");
  EXPECT_EQ(EventsOf({"mset", "a", "1", "b", "2", "a", "3"}), "set:a set:b set:a");
  EXPECT_EQ(EventsOf({"msetnx", "a", "1", "c", "2"}), "");
  EXPECT_EQ(EventsOf({"msetnx", "d", "1", "c", "2"}), "set:d set:c");
  EXPECT_EQ(EventsOf({"incr", "k"}), "incrby:k");
  EXPECT_EQ(EventsOf({"decrby", "k", "5"}), "incrby:k");
  EXPECT_EQ(EventsOf({"incrbyfloat", "k", "0.5"}), "incrbyfloat:k");
  EXPECT_EQ(EventsOf({"incr", "k"}), "");
  EXPECT_EQ(EventsOf({"append", "k", "x"}), "append:k");
  EXPECT_EQ(EventsOf({"append", "k", ""}), "append:k");
  EXPECT_EQ(EventsOf({"append", "e", ""}), "append:e");
  EXPECT_EQ(EventsOf({"setrange", "k", "1", "y"}), "setrange:k");
  EXPECT_EQ(EventsOf({"setrange", "k", "1", ""}), "");
  EXPECT_EQ(EventsOf({"getdel", "k"}), "del:k");
  EXPECT_EQ(EventsOf({"getdel", "k"}), "");
  EXPECT_EQ(EventsOf({"delex", "a", "ifeq", "x"}), "");
  EXPECT_EQ(EventsOf({"delex", "a", "ifeq", "3"}), "del:a");
  EXPECT_EQ(EventsOf({"delex", "b"}), "del:b");
}

TEST_F(KeyEventsTest, Expiries) {
  SetEvents("EA");
  Run({"set", "k", "1"});
  EXPECT_EQ(EventsOf({"getex", "k"}), "");
  EXPECT_EQ(EventsOf({"getex", "k", "persist"}), "");
  EXPECT_EQ(EventsOf({"getex", "k", "ex", "10"}), "expire:k");
  EXPECT_EQ(EventsOf({"getex", "k", "persist"}), "persist:k");
  EXPECT_EQ(EventsOf({"getex", "k", "pxat", "1"}), "del:k");
  Run({"set", "k", "1"});
  EXPECT_EQ(EventsOf({"expire", "k", "10"}), "expire:k");
  EXPECT_EQ(EventsOf({"expire", "k", "10", "nx"}), "");
  EXPECT_EQ(EventsOf({"pexpireat", "k", "9999999999999"}), "expire:k");
  EXPECT_EQ(EventsOf({"persist", "k"}), "persist:k");
  EXPECT_EQ(EventsOf({"persist", "k"}), "");
  EXPECT_EQ(EventsOf({"expire", "k", "-1"}), "del:k");
  EXPECT_EQ(EventsOf({"expire", "k", "-1"}), "");
}

TEST_F(KeyEventsTest, WholeKeys) {
  SetEvents("EA");
  Run({"mset", "a", "1", "b", "2", "c", "3"});
  EXPECT_EQ(EventsOf({"del", "a", "missing", "b", "a"}), "del:a del:b");
  EXPECT_EQ(EventsOf({"unlink", "c"}), "del:c");
  Run({"mset", "a", "1", "b", "2"});
  EXPECT_EQ(EventsOf({"rename", "a", "b"}), "rename_from:a rename_to:b");
  EXPECT_EQ(EventsOf({"rename", "b", "b"}), "");
  EXPECT_EQ(EventsOf({"renamenx", "b", "b"}), "");
  EXPECT_EQ(EventsOf({"renamenx", "b", "c"}), "rename_from:b rename_to:c");
  EXPECT_EQ(EventsOf({"copy", "c", "d"}), "copy_to:d");
  EXPECT_EQ(EventsOf({"copy", "c", "d"}), "");
  EXPECT_EQ(EventsOf({"copy", "c", "d", "db", "3"}), "copy_to:d@3");
  EXPECT_EQ(EventsOf({"move", "c", "5"}), "move_from:c move_to:c@5");
  EXPECT_EQ(EventsOf({"move", "c", "5"}), "");
  EXPECT_EQ(EventsOf({"flushall"}), "");
}

TEST_F(KeyEventsTest, NewKeys) {
  SetEvents("En");
  EXPECT_EQ(EventsOf({"set", "k", "1", "px", "100"}), "new:k");
  EXPECT_EQ(EventsOf({"set", "k", "1", "px", "100"}), "");
  EXPECT_EQ(EventsOf({"incr", "n"}), "new:n");
  EXPECT_EQ(EventsOf({"setrange", "r", "3", "x"}), "new:r");
  EXPECT_EQ(EventsOf({"append", "a", "x"}), "new:a");
  EXPECT_EQ(EventsOf({"append", "a", "x"}), "");
  EXPECT_EQ(EventsOf({"rename", "a", "r"}), "new:r");
  EXPECT_EQ(EventsOf({"copy", "r", "s"}), "new:s");
  EXPECT_EQ(EventsOf({"move", "r", "2"}), "new:r@2");
  SetEvents("EA$gxn");
  EXPECT_EQ(EventsOf({"mset", "x", "1", "y", "1"}), "new:x set:x new:y set:y");
  EXPECT_EQ(EventsOf({"copy", "s", "x", "replace"}), "new:x copy_to:x");
  AdvanceTime(100);
  EXPECT_EQ(EventsOf({"set", "k", "2"}), "expired:k new:k set:k");
}

TEST_F(KeyEventsTest, ExpiredKeys) {
  SetEvents("Ex");
  Run({"set", "lazily", "1", "px", "100"});
  Run({"set", "in time", "1", "px", "100"});
  AdvanceTime(100);
  EXPECT_EQ(EventsOf({"del", "lazily"}), "expired:lazily");
  EXPECT_EQ(engine().store->EraseExpired(engine().clock.WallMs(), 10), 1u);
  EXPECT_EQ(Events(), "expired:in time");
}

TEST_F(KeyEventsTest, MissingKeys) {
  SetEvents("Em");
  EXPECT_EQ(EventsOf({"get", "k"}), "keymiss:k");
  EXPECT_EQ(EventsOf({"mget", "a", "b"}), "keymiss:a keymiss:b");
  EXPECT_EQ(EventsOf({"exists", "k"}), "keymiss:k");
  EXPECT_EQ(EventsOf({"ttl", "k"}), "keymiss:k");
  EXPECT_EQ(EventsOf({"set", "k", "v"}), "");
  EXPECT_EQ(EventsOf({"get", "k"}), "");
  SetEvents("EA");
  EXPECT_EQ(EventsOf({"get", "nope"}), "");
}

TEST_F(KeyEventsTest, RestoreIsAnEvent) {
  SetEvents("EA");
  EXPECT_EQ(EventsOf({"restore", "k", "0", kDumpOfFoo}), "restore:k");
  EXPECT_EQ(EventsOf({"restore", "k", "0", kDumpOfFoo, "replace"}), "restore:k");
  EXPECT_EQ(EventsOf({"restore", "k", "1000", kDumpOfFoo, "replace", "absttl"}), "del:k");
  EXPECT_EQ(EventsOf({"restore", "k", "1000", kDumpOfFoo, "replace", "absttl"}), "");
}

TEST_F(KeyEventsTest, EvictionIsAnEvent) {
  Run({"set", "k", "v"});
  SetEvents("Eg");
  Run({"set", "l", "v"});
  engine().memory->SetLimits({.max_bytes = 1, .policy = MemoryPolicy::kAllKeysRandom});
  EXPECT_EQ(EventsOf({"get", "nothing"}), "");
  SetEvents("Ee");
  engine().memory->SetLimits({});
  Run({"set", "k", "v"});
  engine().memory->SetLimits({.max_bytes = 1, .policy = MemoryPolicy::kAllKeysRandom});
  EXPECT_EQ(EventsOf({"get", "nothing"}), "evicted:k");
}

TEST(KeyObserversTest, EachListenerHearsWhileItListens) {
  struct Counter final : store::KeyObserver {
    void KeyChanged(int, std::string_view, store::Origin) override { ++changed; }
    void KeyAdded(int, std::string_view) override { ++added; }
    void KeyExpired(int, std::string_view) override { ++expired; }
    void KeyEvicted(int, std::string_view) override { ++evicted; }
    int changed = 0;
    int added = 0;
    int expired = 0;
    int evicted = 0;
  };
  testing::InProcess engine;
  Counter first;
  Counter second;
  KeyObservers observers(*engine.store);
  observers.Listen(first, true);
  observers.Listen(first, true);
  observers.Listen(second, true);
  engine.Run({"set", "k", "v", "px", "10"});
  EXPECT_EQ(first.changed, 1);
  EXPECT_EQ(first.added, 1);
  EXPECT_EQ(second.changed, 1);
  observers.Listen(first, false);
  engine.AdvanceMs(10);
  engine.Run({"set", "k", "v"});
  EXPECT_EQ(first.changed, 1);
  EXPECT_EQ(second.changed, 2);
  EXPECT_EQ(second.expired, 1);
  EXPECT_EQ(second.added, 2);
  observers.Listen(second, false);
  engine.Run({"set", "k", "v"});
  EXPECT_EQ(second.changed, 2);
}

}  // namespace
}  // namespace duet::commands
