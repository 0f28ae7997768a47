#include "server/pubsub/subscriber.h"

#include <optional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace duet::pubsub {
namespace {

using ::testing::ElementsAre;

class SubscriberTest : public ::testing::Test {
 protected:
  bool Subscribe(Topic topic, std::string_view name) {
    return subscriber->Subscribe(hub, mailbox, topic, name);
  }

  Hub hub;
  const Receiver mailbox = std::make_shared<Mailbox>(nullptr);
  std::optional<Subscriber> subscriber{std::in_place};
};

TEST_F(SubscriberTest, KnowsWhatItListensTo) {
  EXPECT_TRUE(Subscribe(Topic::kChannel, "b"));
  EXPECT_TRUE(Subscribe(Topic::kChannel, "a"));
  EXPECT_FALSE(Subscribe(Topic::kChannel, "b"));
  EXPECT_TRUE(Subscribe(Topic::kPattern, "b"));
  EXPECT_TRUE(Subscribe(Topic::kShardChannel, "b"));
  EXPECT_EQ(subscriber->count(Topic::kChannel), 2u);
  EXPECT_EQ(subscriber->total(), 4u);
  EXPECT_THAT(subscriber->names(Topic::kChannel), ElementsAre("b", "a"));
  EXPECT_EQ(hub.channels.channel_count(), 2u);
  EXPECT_EQ(hub.channels.pattern_count(), 1u);
  EXPECT_EQ(hub.shard_channels.channel_count(), 1u);
}

TEST_F(SubscriberTest, UnsubscribesFromWhatItListensTo) {
  Subscribe(Topic::kChannel, "a");
  Subscribe(Topic::kPattern, "p*");
  Subscribe(Topic::kPattern, "q*");
  EXPECT_FALSE(subscriber->Unsubscribe(Topic::kPattern, "a"));
  EXPECT_TRUE(subscriber->Unsubscribe(Topic::kChannel, "a"));
  EXPECT_FALSE(subscriber->Unsubscribe(Topic::kChannel, "a"));
  EXPECT_TRUE(subscriber->Unsubscribe(Topic::kPattern, "p*"));
  EXPECT_THAT(subscriber->names(Topic::kPattern), ElementsAre("q*"));
  EXPECT_EQ(subscriber->total(), 1u);
  EXPECT_EQ(hub.channels.channel_count(), 0u);
  EXPECT_EQ(hub.channels.pattern_count(), 1u);
}

TEST_F(SubscriberTest, ChannelsAndShardChannelsAreApart) {
  Subscribe(Topic::kShardChannel, "a");
  EXPECT_EQ(hub.channels.Publish("a", "x", {}, 1), 0u);
  EXPECT_EQ(hub.shard_channels.Publish("a", "x", {}, 1), 1u);
  EXPECT_EQ(*mailbox->TakeAll()[0], ">3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$1\r\nx\r\n");
}

TEST_F(SubscriberTest, ItsEndTakesItOutOfEverything) {
  for (int i = 0; i < 100; ++i) {
    const std::string name = std::to_string(i);
    for (const Topic topic : {Topic::kChannel, Topic::kPattern, Topic::kShardChannel}) {
      Subscribe(topic, name);
    }
  }
  Subscriber stays;
  stays.Subscribe(hub, std::make_shared<Mailbox>(nullptr), Topic::kPattern, "7");
  subscriber.reset();
  EXPECT_EQ(hub.channels.channel_count(), 0u);
  EXPECT_EQ(hub.channels.pattern_count(), 1u);
  EXPECT_EQ(hub.shard_channels.channel_count(), 0u);
  EXPECT_EQ(mailbox.use_count(), 1);
}

TEST_F(SubscriberTest, MayBeginAnewAfterUnsubscribeAll) {
  Subscribe(Topic::kChannel, "a");
  subscriber->UnsubscribeAll();
  EXPECT_EQ(subscriber->total(), 0u);
  EXPECT_TRUE(Subscribe(Topic::kChannel, "a"));
  EXPECT_EQ(hub.channels.ListenerCount("a"), 1u);
}

}  // namespace
}  // namespace duet::pubsub
