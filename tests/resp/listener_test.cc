// The RESP door over real sockets: the cases of every command, back-pressure, limits, drain.
#include "server/resp/listener.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/pubsub/push_message.h"
#include "tests/resp/resp_engine.h"
#include "tests/support/case_suite.h"
#include "tests/support/tcp_door.h"

namespace duet::testing {
namespace {

// A fresh server a case, so that the clock starts anew.
class RespDoor final : public TestDoor {
 public:
  RespDoor() { Reset(); }
  std::string Send(const std::vector<std::string>& argv) override { return door_->Send(argv); }
  void AdvanceMs(int64_t ms) override { server_->engine.AdvanceMs(ms); }
  void Reset() override {
    door_.reset();
    server_ = std::make_unique<RespEngine>();
    door_ = std::make_unique<TcpDoor>(
        server_->server->port(), [this](int64_t ms) { AdvanceMs(ms); }, /*is_redis=*/false);
    door_->Reset();
  }
  bool keeps_session() const override { return true; }

 private:
  std::unique_ptr<RespEngine> server_;
  std::unique_ptr<TcpDoor> door_;
};

INSTANTIATE_TEST_SUITE_P(Resp, CaseSuite, CasesThrough([] { return std::make_unique<RespDoor>(); }),
                         CaseName);

TEST(RespServerTest, ATakenPortIsOneClearLine) {
  RespEngine first;
  const int port = first.server->port();
  const auto second = resp::RespServer::Bind(first.runtime, *first.engine.dispatcher,
                                             first.engine.registry, On(port));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().message(),
            "cannot listen on 127.0.0.1:" + std::to_string(port) + ": Address already in use");
}

TEST(RespServerTest, RepliesComeInTheOrderOfTheCommands) {
  RespEngine server;
  RawClient client(server.server->port());
  client.Send(Set("k", "v") + "GET k\r\nINCR n\r\nPING\r\nGET missing\r\n");
  const std::string expected = "+OK\r\n$1\r\nv\r\n:1\r\n+PONG\r\n$-1\r\n";
  EXPECT_EQ(client.Receive(expected.size()), expected);
}

TEST(RespServerTest, ACommandMayArriveInAnyPieces) {
  RespEngine server;
  RawClient client(server.server->port());
  const std::string bytes = Set("key", std::string(300, 'x')) + "PING\r\n";
  for (const char c : bytes) client.Send(std::string_view(&c, 1));
  EXPECT_EQ(client.Receive(12), "+OK\r\n+PONG\r\n");
}

TEST(RespServerTest, ABulkLargerThanEveryBufferArrivesWhole) {
  RespEngine server;
  RawClient client(server.server->port());
  const std::string value(20 << 20, 'y');
  client.Send(Set("big", value) + "GET big\r\nSTRLEN big\r\n");
  const std::string header = "+OK\r\n$" + std::to_string(value.size()) + "\r\n";
  EXPECT_EQ(client.Receive(header.size()), header);
  EXPECT_EQ(client.Receive(value.size()), value);
  const std::string rest = "\r\n:" + std::to_string(value.size()) + "\r\n";
  EXPECT_EQ(client.Receive(rest.size()), rest);
}

// The replies are far more than the sockets hold, so the server has to stop in the middle of a
// batch, keep the rest of the input, and go on when the client reads.
TEST(RespServerTest, AClientThatReadsLateGetsEveryReply) {
  RespEngine server;
  RawClient client(server.server->port(), /*receive_buffer=*/4096);
  const std::string value(100'000, 'z');
  constexpr int kTimes = 300;
  client.Send(Set("big", value) + Repeat("GET big\r\nINCR n\r\n", kTimes));
  client.FinishSending();
  EXPECT_EQ(client.Receive(5), "+OK\r\n");
  for (int i = 1; i <= kTimes; ++i) {
    const std::string reply = "$100000\r\n" + value + "\r\n:" + std::to_string(i) + "\r\n";
    ASSERT_EQ(client.Receive(reply.size()) == reply, true) << "reply " << i;
  }
}

TEST(RespServerTest, AProtocolErrorIsAnsweredBehindTheRepliesAndCloses) {
  RespEngine server;
  RawClient client(server.server->port());
  client.Send("PING\r\n*1\r\n!4\r\nPING\r\n");
  EXPECT_EQ(client.ReceiveAll(), "+PONG\r\n-ERR Protocol error: expected '$', got '!'\r\n");
}

TEST(RespServerTest, HttpClosesWithoutAnAnswer) {
  RespEngine server;
  for (const char* http : {"GET / HTTP/1.1\r\nHost: localhost\r\n", "POST /\r\n",
                           "*1\r\n$4\r\nPOST\r\n", "*1\r\n$5\r\nhost:\r\n"}) {
    RawClient client(server.server->port());
    client.Send(std::string(http) + "SET hacked yes\r\n");
    EXPECT_EQ(client.ReceiveAll(), "") << http;
  }
  RawClient client(server.server->port());
  client.Send("EXISTS hacked\r\n");
  EXPECT_EQ(client.Receive(4), ":0\r\n");
}

pubsub::Message Mail(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

// Calls `use` with the session of the only client, once it is there.
template <typename Use>
void WithOnlySession(RespEngine& server, RawClient& client, Use use) {
  client.Send("PING\r\n");
  EXPECT_EQ(client.Receive(7), "+PONG\r\n");
  server.engine.clients.ForEach(use);
}

TEST(RespServerTest, MailReachesAClientThatSendsNothing) {
  RespEngine server;
  RawClient client(server.server->port());
  WithOnlySession(server, client, [](commands::Session& session) {
    for (const char* kind : {"message", "invalidate", "pmessage", "smessage"}) {
      EXPECT_TRUE(session.mailbox->Send(pubsub::EncodePush({kind, "c"}), {}, 0));
    }
    EXPECT_TRUE(session.mailbox->Send(Mail("+monitored\r\n"), {}, 0));
  });
  // RESP2 has no invalidation.
  const std::string expected =
      "*2\r\n$7\r\nmessage\r\n$1\r\nc\r\n*2\r\n$8\r\npmessage\r\n$1\r\nc\r\n"
      "*2\r\n$8\r\nsmessage\r\n$1\r\nc\r\n+monitored\r\n";
  EXPECT_EQ(client.Receive(expected.size()), expected);
  client.Send("HELLO 3\r\nPING\r\n");
  const std::string hello = client.Receive(1);
  EXPECT_EQ(hello, "%");
}

TEST(RespServerTest, AllMailComesBeforeTheProtocolChanges) {
  RespEngine server;
  RawClient client(server.server->port());
  client.Send("HELLO 3\r\n");
  EXPECT_TRUE(client.ReceiveUpTo("modules\r\n*0\r\n").starts_with("%"));
  const std::string push = ">1\r\n$60000\r\n" + std::string(60'000, 'x') + "\r\n";
  WithOnlySession(server, client, [&push](commands::Session& session) {
    for (int i = 0; i < 10; ++i) session.mailbox->Send(Mail(push), {}, 0);
  });
  client.Send("HELLO 2\r\n");
  const std::string read = client.ReceiveUpTo("modules\r\n*0\r\n");
  const size_t hello = read.find("*14\r\n");
  ASSERT_NE(hello, std::string::npos);
  EXPECT_EQ(hello, 10 * push.size());
  EXPECT_EQ(read.find("*1\r\n"), std::string::npos);
}

// What was read of a command when mail comes is not lost.
TEST(RespServerTest, MailComesBetweenThePiecesOfACommand) {
  RespEngine server;
  RawClient client(server.server->port());
  commands::Session* session = nullptr;
  WithOnlySession(server, client, [&](commands::Session& only) { session = &only; });
  const std::string set = Set("k", "value");
  client.Send("PING\r\n" + set.substr(0, 20));
  EXPECT_EQ(client.Receive(7), "+PONG\r\n");
  session->mailbox->Send(Mail("+mail\r\n"), {}, 0);
  EXPECT_EQ(client.Receive(7), "+mail\r\n");
  client.Send(set.substr(20) + "GET k\r\n");
  EXPECT_EQ(client.Receive(16), "+OK\r\n$5\r\nvalue\r\n");
}

TEST(RespServerTest, AClientThatDoesNotReadItsMailIsClosedAndCounted) {
  RespEngine server;
  RawClient client(server.server->port(), /*receive_buffer=*/4096);
  WithOnlySession(server, client, [](commands::Session& session) {
    const pubsub::Message mail = Mail(std::string(1 << 20, 'x'));
    int sent = 0;
    while (session.mailbox->Send(mail, {.hard_bytes = 8 << 20, .soft_bytes = 0}, 0)) ++sent;
    EXPECT_GE(sent, 8);
    EXPECT_TRUE(session.mailbox->overflowed());
  });
  client.ReceiveAll();
  server.server->DrainBlocking(/*limit_ms=*/1000);
  const auto limited = [](const metrics::WorkerCounters& worker) -> const metrics::Counter& {
    return worker.output_limited;
  };
  EXPECT_EQ(server.engine.registry.Sum(limited), 1u);
}

TEST(RespServerTest, AClosedMailboxClosesTheConnection) {
  RespEngine server;
  RawClient client(server.server->port());
  WithOnlySession(server, client, [](commands::Session& session) { session.mailbox->Close(); });
  EXPECT_EQ(client.ReceiveAll(), "");
}

// In RESP2 it would be taken for the reply to something else.
TEST(RespServerTest, NoMessageComesBehindTheConfirmationThatNoMoreDo) {
  RespEngine server;
  const auto waiting_bytes = [&server] {
    uint64_t bytes = 0;
    server.engine.clients.ForEach(
        [&bytes](const commands::Session& session) { bytes += session.mailbox->bytes(); });
    return bytes;
  };
  // No faster than its messages are delivered, or they never end.
  const std::jthread publisher([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (waiting_bytes() < 100'000) server.engine.hub.channels.Publish("last", "x", {}, 0);
    }
  });
  RawClient client(server.server->port());
  std::string names;  // leaving so many takes a while
  for (int i = 0; i < 100; ++i) names += " other:" + std::to_string(i);
  names += " last";
  const std::string confirmed = "unsubscribe\r\n$4\r\nlast\r\n:0\r\n";
  const std::pair<std::string, std::string> ways[] = {
      {"SUBSCRIBE" + names + "\r\nUNSUBSCRIBE\r\nPING\r\n", confirmed},
      {"PSUBSCRIBE" + names + "\r\nPUNSUBSCRIBE\r\nPING\r\n", confirmed},
      {"SUBSCRIBE" + names + "\r\nRESET\r\nPING\r\n", "+RESET\r\n"},
  };
  for (const auto& [commands, end] : ways) {
    for (int i = 0; i < 20; ++i) {
      client.Send(commands);
      const std::string read = client.ReceiveUpTo("+PONG\r\n");
      ASSERT_TRUE(read.ends_with(end + "+PONG\r\n")) << read.substr(read.rfind(end));
    }
  }
}

// Commands that a pause holds are kept, in order, with what follows them.
TEST(RespServerTest, AClientThatIsPausedGoesOnWhenThePauseEnds) {
  RespEngine server;
  RawClient client(server.server->port());
  RawClient other(server.server->port());
  commands::ClientRegistry& clients = server.engine.clients;
  const int64_t now_ms = server.engine.clock.WallMs();
  clients.Pause({.until_ms = now_ms + 1000, .only_writes = true}, now_ms);
  server.engine.server.modes.Set(commands::kPaused, true);
  client.Send("GET k\r\nSET k 1\r\nGET k\r\n");
  EXPECT_EQ(client.Receive(5), "$-1\r\n");
  client.Send("INCR k\r\n");
  other.Send("GET k\r\n");
  EXPECT_EQ(other.Receive(5), "$-1\r\n");
  clients.Unpause();
  EXPECT_EQ(client.Receive(16), "+OK\r\n$1\r\n1\r\n:2\r\n");
}

TEST(RespServerTest, AClientMayLeaveWhileItIsPaused) {
  RespEngine server;
  server.engine.clients.Pause({.until_ms = INT64_MAX}, server.engine.clock.WallMs());
  server.engine.server.modes.Set(commands::kPaused, true);
  {
    RawClient client(server.server->port());
    client.Send("PING\r\n");
  }
  server.server->DrainBlocking(/*limit_ms=*/60'000);
  EXPECT_EQ(server.engine.clients.connected(), 0u);
}

TEST(RespServerTest, QuitAnswersAndCloses) {
  RespEngine server;
  RawClient client(server.server->port());
  client.Send("PING\r\nQUIT\r\nPING\r\n");
  EXPECT_EQ(client.ReceiveAll(), "+PONG\r\n+OK\r\n");
}

TEST(RespServerTest, OneMoreThanMaxClientsIsRefused) {
  RespEngine server;
  server.engine.clients.set_max_clients(2);
  RawClient first(server.server->port());
  RawClient second(server.server->port());
  for (RawClient* client : {&first, &second}) {
    client->Send("PING\r\n");
    EXPECT_EQ(client->Receive(7), "+PONG\r\n");
  }
  RawClient third(server.server->port());
  EXPECT_EQ(third.ReceiveAll(), "-ERR max number of clients reached\r\n");
}

TEST(RespServerTest, OutputBeyondItsLimitClosesTheConnection) {
  RespEngine server;
  server.engine.server.output_limits.Set(commands::ClientClass::kNormal, {.hard_bytes = 100'000});
  RawClient client(server.server->port());
  client.Send(Set("fits", std::string(50'000, 'a')) + Set("over", std::string(100'000, 'b')));
  EXPECT_EQ(client.Receive(10), "+OK\r\n+OK\r\n");
  client.Send("GET fits\r\n");
  EXPECT_EQ(client.Receive(50'010).size(), 50'010u);
  client.Send("GET over\r\nPING\r\n");
  EXPECT_EQ(client.ReceiveAll(), "");  // nor a part of a reply, as Redis
  EXPECT_EQ(server.engine.registry.Sum(
                [](const auto& worker) -> const auto& { return worker.output_limited; }),
            1u);
}

TEST(RespServerTest, TheReplyOfOneCommandIsBounded) {
  RespEngine server;
  server.engine.server.output_limits.Set(commands::ClientClass::kNormal, {.hard_bytes = 1 << 20});
  RawClient client(server.server->port());
  client.Send(Set("k", std::string(1 << 20, 'v')));
  EXPECT_EQ(client.Receive(5), "+OK\r\n");
  // 100 GB. Two of them: what the first leaves behind is no part of the second.
  std::string ask = "*100001\r\n$4\r\nMGET\r\n";
  for (int i = 0; i < 100'000; ++i) ask += "$1\r\nk\r\n";
  client.Send(ask);
  EXPECT_EQ(client.ReceiveAll(), "");
  RawClient in_transaction(server.server->port());
  in_transaction.Send("MULTI\r\nGET k\r\nGET k\r\nGET k\r\nEXEC\r\n");
  EXPECT_EQ(in_transaction.ReceiveAll(), "");
  RawClient next(server.server->port());
  next.Send("PING\r\nSTRLEN k\r\n");
  EXPECT_EQ(next.Receive(17), "+PONG\r\n:1048576\r\n");
  EXPECT_EQ(server.engine.registry.Sum(
                [](const auto& worker) -> const auto& { return worker.output_limited; }),
            2u);
}

TEST(RespServerTest, AnIdleClientIsClosedAndABusyOneIsNot) {
  RespEngine server;
  RawClient idle(server.server->port());
  idle.Send("PING\r\n");
  EXPECT_EQ(idle.Receive(7), "+PONG\r\n");
  server.engine.AdvanceMs(11'000);
  RawClient busy(server.server->port());
  busy.Send("PING\r\n");
  EXPECT_EQ(busy.Receive(7), "+PONG\r\n");
  server.server->set_idle_timeout_s(10);
  EXPECT_EQ(idle.ReceiveAll(), "");
  busy.Send("PING\r\n");
  EXPECT_EQ(busy.Receive(7), "+PONG\r\n");
}

TEST(RespServerTest, DrainAnswersWhatWasSentAndCloses) {
  RespEngine server(/*threads=*/2);
  RawClient client(server.server->port());
  client.Send("PING\r\n");
  EXPECT_EQ(client.Receive(7), "+PONG\r\n");
  client.Send(Repeat("INCR n\r\n", 10));
  server.server->DrainBlocking(/*limit_ms=*/60'000);
  EXPECT_EQ(client.ReceiveAll(), ":1\r\n:2\r\n:3\r\n:4\r\n:5\r\n:6\r\n:7\r\n:8\r\n:9\r\n:10\r\n");
}

TEST(RespServerTest, DrainCutsOffAClientThatDoesNotRead) {
  RespEngine server;
  RawClient client(server.server->port(), /*receive_buffer=*/4096);
  client.Send(Set("big", std::string(8 << 20, 'z')));
  EXPECT_EQ(client.Receive(5), "+OK\r\n");
  client.Send(Repeat("GET big\r\n", 4));
  EXPECT_EQ(client.Receive(10), "$8388608\r\n");
  server.server->DrainBlocking(/*limit_ms=*/1);
  EXPECT_LT(client.ReceiveAll().size(), 4u * (8 << 20));
}

}  // namespace
}  // namespace duet::testing
