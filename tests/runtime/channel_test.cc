#include "server/runtime/channel.h"

#include <memory>

#include "server/runtime/task_group.h"
#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

using ChannelTest = RuntimeTest;
using IntChannel = Channel<int>;

Task<ChannelStatus> SendOne(IntChannel* channel, int value, CancelToken token) {
  const ChannelStatus status = co_await channel->Send(value, token);
  co_return status;
}
Task<Result<int, ChannelStatus>> ReceiveOne(IntChannel* channel, CancelToken token) {
  Result<int, ChannelStatus> result = co_await channel->Receive(token);
  co_return result;
}
Task<> Produce(IntChannel* channel, int n) {
  for (int i = 1; i <= n; ++i) {
    const ChannelStatus status = co_await channel->Send(i);
    EXPECT_EQ(status, ChannelStatus::kOk);
  }
}
Task<> Consume(IntChannel* channel, std::atomic<int64_t>* sum) {
  for (;;) {
    const Result<int, ChannelStatus> got = co_await channel->Receive();
    if (!got.ok()) {
      EXPECT_EQ(got.error(), ChannelStatus::kClosed);
      co_return;
    }
    sum->fetch_add(*got);
  }
}

TEST_F(ChannelTest, TrySendAndTryReceiveAtTheLimit) {
  IntChannel channel(2);
  EXPECT_EQ(channel.TryReceive().error(), ChannelStatus::kWouldBlock);
  EXPECT_EQ(channel.TrySend(1), ChannelStatus::kOk);
  EXPECT_EQ(channel.TrySend(2), ChannelStatus::kOk);
  EXPECT_EQ(channel.TrySend(3), ChannelStatus::kWouldBlock);
  EXPECT_EQ(*channel.TryReceive(), 1);
  EXPECT_EQ(*channel.TryReceive(), 2);
  EXPECT_EQ(channel.size(), 0u);
}

TEST_F(ChannelTest, ReceiverWaitsForASender) {
  IntChannel channel(1);
  auto receive = runtime_.Spawn(ReceiveOne(&channel, {}));
  Settle();
  EXPECT_FALSE(receive.done());
  EXPECT_EQ(channel.TrySend(5), ChannelStatus::kOk);
  EXPECT_EQ(receive.JoinBlocking()->value(), 5);
}

TEST_F(ChannelTest, SenderWaitsForRoomAndKeepsTheOrder) {
  IntChannel channel(1);
  EXPECT_EQ(channel.TrySend(1), ChannelStatus::kOk);
  auto send = runtime_.Spawn(SendOne(&channel, 2, {}));
  Settle();
  EXPECT_FALSE(send.done());
  EXPECT_EQ(channel.TrySend(3), ChannelStatus::kWouldBlock);
  EXPECT_EQ(*channel.TryReceive(), 1);
  EXPECT_EQ(*send.JoinBlocking(), ChannelStatus::kOk);
  EXPECT_EQ(*channel.TryReceive(), 2);
}

TEST_F(ChannelTest, CloseEndsWaitersAndLeavesWhatIsQueued) {
  IntChannel channel(1);
  IntChannel empty(1);
  EXPECT_EQ(channel.TrySend(1), ChannelStatus::kOk);
  auto send = runtime_.Spawn(SendOne(&channel, 2, {}));
  auto receive = runtime_.Spawn(ReceiveOne(&empty, {}));
  Settle();
  channel.Close();
  empty.Close();
  EXPECT_EQ(*send.JoinBlocking(), ChannelStatus::kClosed);
  EXPECT_EQ(receive.JoinBlocking()->error(), ChannelStatus::kClosed);
  EXPECT_EQ(*Run(ReceiveOne(&channel, {})), 1);
  EXPECT_EQ(Run(ReceiveOne(&channel, {})).error(), ChannelStatus::kClosed);
  EXPECT_EQ(Run(SendOne(&channel, 3, {})), ChannelStatus::kClosed);
}

TEST_F(ChannelTest, CancelledBeforeAndDuring) {
  IntChannel channel(1);
  CancelSource source;
  auto receive = runtime_.Spawn(ReceiveOne(&channel, source.token()));
  Settle();
  source.Cancel();
  EXPECT_EQ(receive.JoinBlocking()->error(), ChannelStatus::kCancelled);
  EXPECT_EQ(Run(ReceiveOne(&channel, source.token())).error(), ChannelStatus::kCancelled);

  EXPECT_EQ(channel.TrySend(1), ChannelStatus::kOk);
  CancelSource send_source;
  auto send = runtime_.Spawn(SendOne(&channel, 2, send_source.token()));
  Settle();
  send_source.Cancel();
  EXPECT_EQ(*send.JoinBlocking(), ChannelStatus::kCancelled);
  // What is there is given even to the cancelled.
  EXPECT_EQ(*Run(ReceiveOne(&channel, source.token())), 1);
  EXPECT_EQ(channel.size(), 0u);
}

TEST_F(ChannelTest, ManySendersAndReceiversOnTwoWorkers) {
  constexpr int kSenders = 6;
  constexpr int kEach = 500;
  IntChannel channel(3);
  std::atomic<int64_t> sum{0};
  TaskGroup receivers(runtime_);
  TaskGroup senders(runtime_);
  for (int i = 0; i < 4; ++i) receivers.SpawnOn(worker(i % 2), Consume(&channel, &sum));
  for (int i = 0; i < kSenders; ++i) senders.SpawnOn(worker(i % 2), Produce(&channel, kEach));
  senders.JoinBlocking();
  channel.Close();
  receivers.JoinBlocking();
  EXPECT_EQ(sum.load(), int64_t{kSenders} * kEach * (kEach + 1) / 2);
}

TEST_F(ChannelTest, CancelRacesWithSend) {
  for (int i = 0; i < 300; ++i) {
    IntChannel channel(1);
    CancelSource source;
    auto receive = runtime_.SpawnOn(worker(1), ReceiveOne(&channel, source.token()));
    auto send = runtime_.SpawnOn(worker(0), SendOne(&channel, 1, {}));
    source.Cancel();
    const bool received = receive.JoinBlocking()->ok();
    EXPECT_EQ(*send.JoinBlocking(), ChannelStatus::kOk);
    EXPECT_EQ(channel.size(), received ? 0u : 1u);
  }
}

TEST_F(ChannelTest, CarriesMoveOnlyValues) {
  Channel<std::unique_ptr<int>> channel(1);
  EXPECT_EQ(channel.TrySend(std::make_unique<int>(3)), ChannelStatus::kOk);
  auto kept = std::make_unique<int>(4);
  EXPECT_EQ(channel.TrySend(kept), ChannelStatus::kWouldBlock);
  EXPECT_NE(kept, nullptr);
  auto got = channel.TryReceive();
  EXPECT_EQ(**got, 3);
}

}  // namespace
}  // namespace duet::runtime
