// What several clients send while the worker is busy is one turn of its loop: their replies go out
// together at its end.
#include "server/resp/outbox.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "tests/resp/resp_engine.h"
#include "tests/runtime/held_worker.h"
#include "tests/runtime/runtime_fixture.h"

namespace duet::testing {
namespace {

using runtime::HeldWorker;

class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest() { server_.engine.clients.set_max_clients(100); }

  // A client that the server knows: its first command has been answered.
  std::unique_ptr<RawClient> Connect(int receive_buffer = 0) {
    auto client = std::make_unique<RawClient>(server_.server->port(), receive_buffer);
    client->Send("PING\r\n");
    EXPECT_EQ(client->Receive(7), "+PONG\r\n");
    return client;
  }
  std::string Ask(RawClient& client, const std::string& command, const std::string& end) {
    client.Send(command + "\r\n");
    return client.ReceiveUpTo(end);
  }
  HeldWorker Hold() { return HeldWorker(server_.runtime.worker(0)); }

  RespEngine server_;
};

TEST_F(OutboxTest, EveryClientOfATurnGetsItsReplies) {
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(Connect());
  for (int round = 1; round <= 10; ++round) {
    {
      const HeldWorker held = Hold();
      for (size_t i = 0; i < clients.size(); ++i) {
        const std::string own = std::to_string(i);
        clients[i]->Send("INCR n" + own + "\r\nECHO " + own + "\r\n");
      }
    }
    for (size_t i = 0; i < clients.size(); ++i) {
      const std::string own = std::to_string(i);
      const std::string expected = ":" + std::to_string(round) + "\r\n$" +
                                   std::to_string(own.size()) + "\r\n" + own + "\r\n";
      EXPECT_EQ(clients[i]->Receive(expected.size()), expected);
    }
  }
}

TEST_F(OutboxTest, RepliesOfAllSizesGoTogether) {
  const auto writer = Connect();
  std::vector<std::unique_ptr<RawClient>> clients;
  const size_t most = resp::Outbox::kMaxBytes;
  const size_t sizes[] = {0, 1, most - 9, most - 8, most, 100'000, 5 << 20};
  for (const size_t size : sizes) {
    writer->Send(Set("k" + std::to_string(size), std::string(size, 'v')));
    ASSERT_EQ(writer->Receive(5), "+OK\r\n");
    clients.push_back(Connect());
  }
  {
    const HeldWorker held = Hold();
    for (size_t i = 0; i < clients.size(); ++i) {
      clients[i]->Send("GET k" + std::to_string(sizes[i]) + "\r\n");
    }
  }
  for (size_t i = 0; i < clients.size(); ++i) {
    const std::string expected =
        "$" + std::to_string(sizes[i]) + "\r\n" + std::string(sizes[i], 'v') + "\r\n";
    EXPECT_TRUE(clients[i]->Receive(expected.size()) == expected) << sizes[i];
  }
}

// Which of the two comes first is epoll's choice; what was executed was answered, and to nobody
// else.
TEST_F(OutboxTest, AClientKilledInTheTurnOfItsCommandHasItsReply) {
  const auto killer = Connect();
  for (int i = 0; i < 20; ++i) {
    const auto victim = Connect();
    const std::string id = Ask(*victim, "CLIENT ID", "\r\n");
    {
      const HeldWorker held = Hold();
      if (i % 2 == 0) victim->Send("INCR n\r\n");
      killer->Send("CLIENT KILL ID " + id.substr(1, id.size() - 3) + "\r\n");
      if (i % 2 == 1) victim->Send("INCR n\r\n");
    }
    EXPECT_EQ(killer->Receive(4), ":1\r\n");
    const std::string reply = victim->ReceiveAll();
    EXPECT_EQ(Ask(*killer, "PING", "\n"), "+PONG\r\n");
    const std::string executed = Ask(*killer, "DEL n", "\n");
    EXPECT_EQ(reply, executed == ":1\r\n" ? ":1\r\n" : "");
  }
}

TEST_F(OutboxTest, ClientsMayLeaveInTheTurnOfTheirCommand) {
  const auto stays = Connect();
  const auto resets = Connect();
  const auto quits = Connect();
  const auto closes = Connect();
  {
    const HeldWorker held = Hold();
    for (RawClient* client : {resets.get(), closes.get(), stays.get()}) client->Send("INCR n\r\n");
    quits->Send("INCR n\r\nQUIT\r\n");
    closes->FinishSending();
    resets->Abort();
  }
  EXPECT_EQ(quits->ReceiveAll().substr(2), "\r\n+OK\r\n");
  EXPECT_EQ(closes->ReceiveAll().size(), 4u);
  EXPECT_EQ(stays->Receive(4).substr(0, 1), ":");
  EXPECT_EQ(Ask(*stays, "PING", "\n"), "+PONG\r\n");
}

// Which of the two comes first is epoll's choice, but both come whole.
TEST_F(OutboxTest, AMessageComesBeforeOrBehindTheReplyOfItsTurn) {
  const auto listener = Connect();
  const auto publisher = Connect();
  Ask(*listener, "HELLO 3", "modules\r\n*0\r\n");
  Ask(*listener, "SUBSCRIBE c", "subscribe\r\n$1\r\nc\r\n:1\r\n");
  const std::string reply = "$5\r\nfirst\r\n";
  const std::string message = ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$4\r\nthen\r\n";
  for (int i = 0; i < 20; ++i) {
    {
      const HeldWorker held = Hold();
      listener->Send("ECHO first\r\n");
      publisher->Send("PUBLISH c then\r\n");
    }
    EXPECT_EQ(publisher->Receive(4), ":1\r\n");
    const std::string got = listener->Receive(reply.size() + message.size());
    EXPECT_TRUE(got == reply + message || got == message + reply) << got;
  }
}

// Its socket fills up in the middle of a turn's reply: the rest is sent when it reads, and what it
// asked meanwhile is answered behind that.
TEST_F(OutboxTest, AClientThatReadsLateGetsEveryReply) {
  const auto other = Connect();
  const auto late = Connect(/*receive_buffer=*/4096);
  const std::string value(4000, 'v');
  other->Send(Set("k", value));
  ASSERT_EQ(other->Receive(5), "+OK\r\n");
  constexpr int kTurns = 3000;
  for (int i = 0; i < kTurns; ++i) {
    {
      const HeldWorker held = Hold();
      late->Send("GET k\r\n");
      other->Send("PING\r\n");
    }
    ASSERT_EQ(other->Receive(7), "+PONG\r\n");
  }
  const std::string reply = "$4000\r\n" + value + "\r\n";
  for (int i = 0; i < kTurns; ++i) {
    ASSERT_TRUE(late->Receive(reply.size()) == reply) << "the reply " << i;
  }
  EXPECT_EQ(Ask(*late, "PING", "\n"), "+PONG\r\n");
}

TEST_F(OutboxTest, ADrainSendsWhatTheTurnHasAnswered) {
  const auto one = Connect();
  const auto two = Connect();
  {
    const HeldWorker held = Hold();
    one->Send("ECHO 1\r\n");
    two->Send("ECHO 2\r\n");
  }
  server_.server->DrainBlocking(/*limit_ms=*/60'000);
  EXPECT_EQ(one->ReceiveAll(), "$1\r\n1\r\n");
  EXPECT_EQ(two->ReceiveAll(), "$1\r\n2\r\n");
}

// The worker is said to be saturated, and a core to be idle: half of the clients go to another one,
// each right behind a batch whose replies are staged.
TEST(OutboxMoveTest, ClientsThatMoveLeaveNoReplyBehind) {
  runtime::FakeCpuProbe cpu;
  runtime::FakeBusyProbe busy;
  cpu.idle_cores = 2;
  busy.share = 1;
  runtime::RuntimeOptions options = WithThreads(2);
  options.cpu_probe = &cpu;
  options.busy_probe = &busy;
  RespEngine server(options);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(std::make_unique<RawClient>(server.server->port()));
  int sent = 0;
  do {
    ++sent;
    {
      const HeldWorker held(server.runtime.worker(0));
      for (size_t i = 0; i < clients.size(); ++i) {
        clients[i]->Send("INCR n" + std::to_string(i) + "\r\n");
      }
    }
    const std::string expected = ":" + std::to_string(sent) + "\r\n";
    for (const auto& client : clients) ASSERT_EQ(client->Receive(expected.size()), expected);
  } while (server.runtime.worker(1).stream_count() == 0);
}

}  // namespace
}  // namespace duet::testing
