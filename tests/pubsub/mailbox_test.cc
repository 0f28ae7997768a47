#include "server/pubsub/mailbox.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace duet::pubsub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Message Text(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

std::vector<std::string> Take(Mailbox& box) {
  std::vector<std::string> texts;
  for (const Message& message : box.TakeAll()) texts.push_back(*message);
  return texts;
}

TEST(Mailbox, GivesWhatCameInOrder) {
  Mailbox box(nullptr);
  EXPECT_FALSE(box.pending());
  EXPECT_TRUE(box.Send(Text("one"), {}, 1));
  EXPECT_TRUE(box.Send(Text("two"), {}, 1));
  EXPECT_TRUE(box.pending());
  EXPECT_EQ(box.bytes(), 6u);
  EXPECT_EQ(box.messages(), 2u);
  EXPECT_THAT(Take(box), ElementsAre("one", "two"));
  EXPECT_FALSE(box.pending());
  EXPECT_EQ(box.bytes(), 0u);
  EXPECT_THAT(Take(box), IsEmpty());
}

TEST(Mailbox, ClosesAboveItsHardLimit) {
  Mailbox box(nullptr);
  const MailboxLimits limits{.hard_bytes = 10, .soft_bytes = 0};
  EXPECT_TRUE(box.Send(Text("0123456789"), limits, 1));
  EXPECT_FALSE(box.overflowed());
  EXPECT_FALSE(box.Send(Text("x"), limits, 1));
  EXPECT_TRUE(box.overflowed());
  EXPECT_TRUE(box.closed());
  EXPECT_TRUE(box.pending());
  EXPECT_THAT(Take(box), IsEmpty());
  EXPECT_FALSE(box.Send(Text("later"), {}, 1));
}

TEST(Mailbox, ClosesAboveItsSoftLimitAfterAWhile) {
  Mailbox box(nullptr);
  const MailboxLimits limits{.hard_bytes = 0, .soft_bytes = 4, .soft_ms = 100};
  EXPECT_TRUE(box.Send(Text("12345"), limits, 1000));
  EXPECT_TRUE(box.Send(Text("6"), limits, 1100));
  EXPECT_FALSE(box.Send(Text("7"), limits, 1101));
  EXPECT_TRUE(box.overflowed());
}

TEST(Mailbox, TimeAboveTheSoftLimitStartsAnewWhenItWasEmptied) {
  Mailbox box(nullptr);
  const MailboxLimits limits{.hard_bytes = 0, .soft_bytes = 4, .soft_ms = 100};
  EXPECT_TRUE(box.Send(Text("12345"), limits, 1000));
  EXPECT_THAT(Take(box), ElementsAre("12345"));
  EXPECT_TRUE(box.Send(Text("12345"), limits, 5000));
  EXPECT_TRUE(box.Send(Text("6"), limits, 5100));
  EXPECT_FALSE(box.closed());
}

TEST(Mailbox, ALimitOfZeroIsNone) {
  Mailbox box(nullptr);
  const MailboxLimits limits{.hard_bytes = 0, .soft_bytes = 0};
  EXPECT_TRUE(box.Send(Text(std::string(1 << 20, 'x')), limits, 1));
  EXPECT_TRUE(box.Send(Text("x"), limits, 1 << 30));
}

TEST(Mailbox, GivesAsMuchAsWasAskedFor) {
  Mailbox box(nullptr);
  for (const char* text : {"one", "two", "three", "four"}) box.Send(Text(text), {}, 1);
  const auto take = [&box](size_t max_bytes) {
    std::vector<std::string> texts;
    for (const Message& message : box.Take(max_bytes)) texts.push_back(*message);
    return texts;
  };
  EXPECT_THAT(take(4), ElementsAre("one", "two"));
  EXPECT_TRUE(box.pending());
  EXPECT_EQ(box.bytes(), 9u);
  EXPECT_EQ(box.messages(), 2u);
  EXPECT_THAT(take(1), ElementsAre("three"));
  box.Send(Text("five"), {}, 1);
  EXPECT_THAT(take(100), ElementsAre("four", "five"));
  EXPECT_FALSE(box.pending());
  EXPECT_EQ(box.bytes(), 0u);
}

TEST(Mailbox, KeepsItsOrderHoweverItIsEmptied) {
  Mailbox box(nullptr);
  size_t sent = 0;
  size_t taken = 0;
  for (size_t round = 0; round < 100; ++round) {
    for (size_t i = 0; i < round % 7; ++i) box.Send(Text(std::to_string(sent++)), {}, 1);
    for (const Message& message : box.Take(round % 5)) EXPECT_EQ(*message, std::to_string(taken++));
    EXPECT_EQ(box.messages(), sent - taken);
  }
  for (const Message& message : box.TakeAll()) EXPECT_EQ(*message, std::to_string(taken++));
  EXPECT_EQ(taken, sent);
}

TEST(Mailbox, DropsWhatIsFromChannelsAndNothingElse) {
  Mailbox box(nullptr);
  for (const char* text :
       {"+taken\r\n", "+line\r\n", ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n",
        ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"}) {
    box.Send(Text(text), {}, 1);
  }
  EXPECT_EQ(box.Take(1).size(), 1u);
  box.DropFromChannels();
  EXPECT_EQ(box.messages(), 2u);
  EXPECT_THAT(Take(box), ElementsAre("+line\r\n", ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"));
  EXPECT_EQ(box.bytes(), 0u);
  EXPECT_FALSE(box.pending());
}

TEST(Mailbox, WhatTheSocketHasNotTakenCounts) {
  Mailbox box(nullptr);
  const MailboxLimits limits{.hard_bytes = 10};
  EXPECT_TRUE(box.Send(Text("12345"), limits, 1));
  EXPECT_THAT(Take(box), ElementsAre("12345"));
  box.NoteUnsent(5);
  EXPECT_TRUE(box.Send(Text("67890"), limits, 1));
  EXPECT_FALSE(box.Send(Text("x"), limits, 1));
  EXPECT_TRUE(box.overflowed());
}

TEST(Mailbox, TimeAboveTheSoftLimitGoesOnWhileTheSocketIsBlocked) {
  Mailbox box(nullptr);
  const MailboxLimits limits{.soft_bytes = 4, .soft_ms = 100};
  EXPECT_TRUE(box.Send(Text("12345"), limits, 1000));
  EXPECT_THAT(Take(box), ElementsAre("12345"));
  box.NoteUnsent(5);
  box.Enforce(limits, 1100);
  EXPECT_FALSE(box.closed());
  box.Enforce(limits, 1101);
  EXPECT_TRUE(box.overflowed());
}

TEST(Mailbox, EnforceForgetsTheTimeAboveTheSoftLimit) {
  Mailbox box(nullptr);
  const MailboxLimits limits{.soft_bytes = 4, .soft_ms = 100};
  EXPECT_TRUE(box.Send(Text("12345"), limits, 1000));
  Take(box);
  box.NoteUnsent(3);
  box.Enforce(limits, 1050);
  box.NoteUnsent(5);
  box.Enforce(limits, 1200);
  box.Enforce(limits, 1300);
  EXPECT_FALSE(box.closed());
  box.Enforce(limits, 1301);
  EXPECT_TRUE(box.closed());
}

TEST(Mailbox, CloseIsNotOverflow) {
  Mailbox box(nullptr);
  box.Send(Text("dropped"), {}, 1);
  box.Close();
  EXPECT_TRUE(box.closed());
  EXPECT_TRUE(box.pending());
  EXPECT_FALSE(box.overflowed());
  EXPECT_THAT(Take(box), IsEmpty());
}

}  // namespace
}  // namespace duet::pubsub
