#include "server/pubsub/channel_table.h"

#include <atomic>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace duet::pubsub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

Receiver NewReceiver() { return std::make_shared<Mailbox>(nullptr); }

std::vector<std::string> Take(Mailbox& box) {
  std::vector<std::string> texts;
  for (const Message& message : box.TakeAll()) texts.push_back(*message);
  return texts;
}

class ChannelTableTest : public ::testing::Test {
 protected:
  size_t Publish(std::string_view channel, std::string_view payload) {
    return table.Publish(channel, payload, MailboxLimits{}, 1);
  }

  ChannelTable table{"message"};
};

TEST_F(ChannelTableTest, NobodyListens) {
  EXPECT_EQ(Publish("news", "hello"), 0u);
  EXPECT_EQ(table.channel_count(), 0u);
  EXPECT_EQ(table.ListenerCount("news"), 0u);
}

TEST_F(ChannelTableTest, ListenersOfTheChannelGetTheMessage) {
  const Receiver first = NewReceiver();
  const Receiver second = NewReceiver();
  table.Add("news", first);
  table.Add("news", second);
  table.Add("other", second);
  EXPECT_EQ(Publish("news", "hello"), 2u);
  const char* const bytes = ">3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n";
  EXPECT_THAT(Take(*first), ElementsAre(bytes));
  EXPECT_THAT(Take(*second), ElementsAre(bytes));
  EXPECT_EQ(Publish("new", "hello"), 0u);
  EXPECT_EQ(table.ListenerCount("news"), 2u);
  EXPECT_EQ(table.channel_count(), 2u);
}

TEST_F(ChannelTableTest, AllGetTheSameBytes) {
  const Receiver first = NewReceiver();
  const Receiver second = NewReceiver();
  table.Add("news", first);
  table.Add("news", second);
  Publish("news", "hello");
  EXPECT_EQ(first->TakeAll()[0], second->TakeAll()[0]);
}

TEST_F(ChannelTableTest, ListenersOfAPatternAreToldWhichMatched) {
  const Receiver one = NewReceiver();
  table.Add("news.it", one);
  table.AddPattern("news.*", one);
  table.AddPattern("*", one);
  table.AddPattern("sport.*", one);
  EXPECT_EQ(Publish("news.it", "x"), 3u);
  EXPECT_THAT(
      Take(*one),
      UnorderedElementsAre(">3\r\n$7\r\nmessage\r\n$7\r\nnews.it\r\n$1\r\nx\r\n",
                           ">4\r\n$8\r\npmessage\r\n$6\r\nnews.*\r\n$7\r\nnews.it\r\n$1\r\nx\r\n",
                           ">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$7\r\nnews.it\r\n$1\r\nx\r\n"));
  EXPECT_EQ(table.pattern_count(), 3u);
}

TEST_F(ChannelTableTest, NamesAndPayloadsAreBinary) {
  const Receiver one = NewReceiver();
  const std::string name("a\0\r\n", 4);
  table.Add(name, one);
  EXPECT_EQ(Publish(name, ""), 1u);
  EXPECT_EQ(Publish("a", ""), 0u);
  EXPECT_THAT(Take(*one),
              ElementsAre(std::string(">3\r\n$7\r\nmessage\r\n$4\r\n") + name + "\r\n$0\r\n\r\n"));
}

TEST_F(ChannelTableTest, WhoIsRemovedGetsNothingMore) {
  const Receiver first = NewReceiver();
  const Receiver second = NewReceiver();
  table.Add("news", first);
  table.Add("news", second);
  table.AddPattern("n*", first);
  table.Remove("news", first);
  EXPECT_EQ(Publish("news", "x"), 2u);
  EXPECT_EQ(Take(*first).size(), 1u);
  table.RemovePatterns(std::vector<std::string>{"n*"}, first);
  EXPECT_EQ(Publish("news", "x"), 1u);
  EXPECT_THAT(Take(*first), IsEmpty());
}

TEST_F(ChannelTableTest, EmptyChannelsAndPatternsAreFreed) {
  const Receiver one = NewReceiver();
  for (int i = 0; i < 1000; ++i) table.Add("channel:" + std::to_string(i), one);
  std::vector<std::string> patterns;
  for (int i = 0; i < 100; ++i) {
    patterns.push_back("pattern:" + std::to_string(i));
    table.AddPattern(patterns.back(), one);
  }
  EXPECT_EQ(table.channel_count(), 1000u);
  EXPECT_EQ(table.pattern_count(), 100u);
  for (int i = 0; i < 1000; ++i) table.Remove("channel:" + std::to_string(i), one);
  table.RemovePatterns(patterns, one);
  EXPECT_EQ(table.channel_count(), 0u);
  EXPECT_EQ(table.pattern_count(), 0u);
  EXPECT_THAT(table.Channels("*"), IsEmpty());
  EXPECT_EQ(one.use_count(), 1);
}

TEST_F(ChannelTableTest, ChannelsByGlob) {
  const Receiver one = NewReceiver();
  for (const char* name : {"news.it", "news.us", "sport"}) table.Add(name, one);
  table.AddPattern("news.*", one);
  EXPECT_THAT(table.Channels("*"), UnorderedElementsAre("news.it", "news.us", "sport"));
  EXPECT_THAT(table.Channels("news.?[st]"), UnorderedElementsAre("news.it", "news.us"));
}

TEST_F(ChannelTableTest, AClosedOrFullMailboxDoesNotCount) {
  const Receiver closed = NewReceiver();
  const Receiver full = NewReceiver();
  table.Add("news", closed);
  table.Add("news", full);
  closed->Close();
  EXPECT_EQ(table.Publish("news", "0123456789", {.hard_bytes = 10}, 1), 0u);
  EXPECT_TRUE(full->overflowed());
}

// Whatever runs beside it, two publishers on a channel are seen in one order by all, and nothing
// comes after the removal.
TEST_F(ChannelTableTest, ManyThreads) {
  constexpr int kPublishers = 3;
  constexpr int kMessages = 2000;
  const Receiver first = NewReceiver();
  const Receiver second = NewReceiver();
  table.Add("channel", first);
  table.Add("channel", second);
  std::atomic<int> publishing{kPublishers};
  std::vector<std::thread> threads;
  for (int id = 0; id < kPublishers; ++id) {
    threads.emplace_back([&, id] {
      for (int i = 0; i < kMessages; ++i) {
        Publish("channel", std::to_string(id) + ":" + std::to_string(i));
        Publish("noise:" + std::to_string(i % 50), "x");
      }
      --publishing;
    });
  }
  threads.emplace_back([&] {
    while (publishing > 0) {
      const Receiver guest = NewReceiver();
      table.Add("channel", guest);
      table.Add("noise:1", guest);
      table.AddPattern("noise:*", guest);
      table.RemovePatterns(std::vector<std::string>{"noise:*"}, guest);
      table.Remove("noise:1", guest);
      table.Remove("channel", guest);
      guest->TakeAll();
      EXPECT_FALSE(guest->pending());
    }
  });
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> seen = Take(*first);
  EXPECT_EQ(seen.size(), size_t{kPublishers} * kMessages);
  EXPECT_EQ(seen, Take(*second));
  EXPECT_EQ(table.channel_count(), 1u);
  EXPECT_EQ(table.pattern_count(), 0u);
}

}  // namespace
}  // namespace duet::pubsub
