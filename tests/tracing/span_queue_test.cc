#include "server/tracing/span_queue.h"

#include <gtest/gtest.h>
#include <thread>

namespace duet::tracing {
namespace {

Span Named(const char* name) {
  Span span;
  span.name = name;
  return span;
}

TEST(SpanQueueTest, TakesNothingWhileItIsClosed) {
  SpanQueue queue;
  queue.Push(Named("early"));
  EXPECT_EQ(queue.dropped(), 1u);
  EXPECT_TRUE(queue.TakeBlocking(10, absl::InfiniteDuration()).empty());
}

TEST(SpanQueueTest, DropsWhatFindsNoPlace) {
  SpanQueue queue;
  queue.Open(2);
  for (const char* name : {"first", "second", "third"}) queue.Push(Named(name));
  EXPECT_EQ(queue.dropped(), 1u);
  const std::vector<Span> taken = queue.TakeBlocking(2, absl::InfiniteDuration());
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].name, "first");
  EXPECT_EQ(taken[1].name, "second");
  queue.Push(Named("fourth"));
  EXPECT_EQ(queue.dropped(), 1u);
}

TEST(SpanQueueTest, GivesWhatThereIsWhenPatienceEnds) {
  SpanQueue queue;
  queue.Open(10);
  queue.Push(Named("one"));
  EXPECT_EQ(queue.TakeBlocking(5, absl::ZeroDuration()).size(), 1u);
  EXPECT_EQ(queue.TakeBlocking(5, absl::ZeroDuration()).size(), 0u);
}

TEST(SpanQueueTest, GivesNoMoreThanAskedFor) {
  SpanQueue queue;
  queue.Open(10);
  for (int i = 0; i < 7; ++i) queue.Push(Named("x"));
  EXPECT_EQ(queue.TakeBlocking(5, absl::InfiniteDuration()).size(), 5u);
  EXPECT_EQ(queue.TakeBlocking(5, absl::ZeroDuration()).size(), 2u);
}

TEST(SpanQueueTest, WhatWaitsCanBeTakenAfterItsEnd) {
  SpanQueue queue;
  queue.Open(10);
  queue.Push(Named("one"));
  std::thread closer([&queue] { queue.Close(); });
  EXPECT_EQ(queue.TakeBlocking(5, absl::InfiniteDuration()).size(), 1u);
  closer.join();
  queue.Push(Named("late"));
  EXPECT_EQ(queue.dropped(), 1u);
}

TEST(SpanQueueTest, CountsWhatIsThrownAway) {
  SpanQueue queue;
  queue.Open(10);
  for (int i = 0; i < 3; ++i) queue.Push(Named("x"));
  queue.DropAll();
  EXPECT_EQ(queue.dropped(), 3u);
  EXPECT_TRUE(queue.TakeBlocking(5, absl::ZeroDuration()).empty());
}

}  // namespace
}  // namespace duet::tracing
