#include "server/http/admin_server.h"

#include <arpa/inet.h>
#include <atomic>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/base/clock.h"

namespace duet::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A blocking HTTP client on 127.0.0.1.
class Client {
 public:
  explicit Client(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }
  int fd() const { return fd_; }
  void Send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // All until the server closes.
  std::string ReadToEnd() {
    while (ReadOnce()) {
    }
    return std::move(input_);
  }
  // One answer by its Content-Length (a HEAD's has none to read), or less if the server closes.
  std::string ReadAnswer(bool head_only = false) {
    size_t head = std::string::npos;
    while ((head = input_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReadOnce()) return std::move(input_);
    }
    size_t size = head + 4;
    const size_t length = input_.find("Content-Length: ");
    if (!head_only && length < head) size += std::stoul(input_.substr(length + 16));
    while (input_.size() < size) {
      if (!ReadOnce()) break;
    }
    std::string answer = input_.substr(0, size);
    input_.erase(0, size);
    return answer;
  }
  // Something to read, or closed, within `ms`?
  bool Readable(int ms) {
    pollfd poller{fd_, POLLIN, 0};
    return poll(&poller, 1, ms) > 0;
  }

 private:
  bool ReadOnce() {
    char buffer[16384];
    const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
    if (got <= 0) return false;
    input_.append(buffer, static_cast<size_t>(got));
    return true;
  }
  const int fd_;
  bool connected_ = false;
  std::string input_;
};

class AdminServerTest : public ::testing::Test {
 protected:
  ~AdminServerTest() override {
    if (server_ != nullptr) DrainNow();
    runtime_.ShutdownAndJoinBlocking();
  }

  void Start(AdminOptions options = {}) {
    options.port = 0;
    auto server = AdminServer::Start(
        runtime_, std::move(options),
        {[this](bool open) { return open ? "open " + metrics_ : metrics_; },
         [] { return std::string("{\"status\":1}"); },
         [this] { return ready_ ? absl::OkStatus() : absl::UnavailableError("draining"); }});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server);
    runtime_.Start();
  }
  void StartWithOneConnection(std::string metrics = {}) {
    metrics_ = std::move(metrics);
    AdminOptions options;
    options.max_connections = 1;
    Start(options);
  }
  // Returns when an answer is on its way that does not fit the socket.
  static void AskAndDoNotRead(Client& client) {
    client.Send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(client.Readable(10'000));
  }
  static runtime::Task<> DrainTask(AdminServer* server, runtime::Deadline deadline) {
    co_await server->Drain(deadline);
  }
  void DrainNow() {
    auto drain = runtime_.Spawn(DrainTask(server_.get(), runtime::Deadline(0)));
    drain.JoinBlocking();
    server_.reset();
  }
  // Turns the clock until the client has something to read; the server may arm its timer at any
  // moment of that.
  void AdvanceUntilReadable(Client& client, int64_t step_ms) {
    while (!client.Readable(1)) {
      clock_.AdvanceMs(step_ms);
      for (int i = 0; i < runtime_.size(); ++i) runtime_.worker(i).Poke();
    }
  }
  std::string Ask(const std::string& method, const std::string& path) {
    Client client(server_->port());
    client.Send(method + " " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    return client.ReadToEnd();
  }

  ManualClock clock_;
  runtime::Runtime runtime_{{.threads = 2, .clock = &clock_}};
  std::string metrics_ = "# a metric\nredis_up 1\n";
  std::atomic<bool> ready_{true};
  std::unique_ptr<AdminServer> server_;
};

constexpr const char* kGetLivez = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(AdminServerTest, AnswersItsPaths) {
  Start();
  const std::string metrics = Ask("GET", "/metrics");
  EXPECT_THAT(metrics, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(metrics, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_THAT(metrics, HasSubstr("\r\n\r\n" + metrics_));
  EXPECT_THAT(Ask("GET", "/livez"), HasSubstr("\r\n\r\nok\n"));
  EXPECT_THAT(Ask("GET", "/"), HasSubstr("\r\n\r\n<!doctype html>"));
  EXPECT_THAT(Ask("GET", "/status.json"), HasSubstr("\r\n\r\n{\"status\":1}"));
  EXPECT_THAT(Ask("GET", "/none"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask("POST", "/metrics"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(AdminServerTest, ReadyzFollowsTheServer) {
  Start();
  EXPECT_THAT(Ask("GET", "/readyz"), StartsWith("HTTP/1.1 200 OK\r\n"));
  ready_ = false;
  const std::string answer = Ask("GET", "/readyz");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\n503 Service Unavailable: draining\n"));
  EXPECT_THAT(Ask("GET", "/livez"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(AdminServerTest, HeadHasGetsLengthAndNoBody) {
  Start();
  const std::string answer = Ask("HEAD", "/metrics");
  EXPECT_THAT(answer, HasSubstr("Content-Length: " + std::to_string(metrics_.size()) + "\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(AdminServerTest, KeepsTheConnectionAndAnswersPipelinesInOrder) {
  Start();
  Client client(server_->port());
  for (int i = 0; i < 3; ++i) {
    client.Send(kGetLivez);
    EXPECT_THAT(client.ReadAnswer(), HasSubstr("Connection: keep-alive\r\n\r\nok\n"));
  }
  std::string pipeline;
  for (int i = 0; i < 500; ++i) {
    pipeline += i % 2 == 0 ? "HEAD /livez HTTP/1.1\r\nHost: a\r\n\r\n"
                           : "GET /none" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  client.Send(pipeline);
  for (int i = 0; i < 500; ++i) {
    ASSERT_THAT(client.ReadAnswer(i % 2 == 0), HasSubstr(i % 2 == 0 ? "200 OK" : "404 Not Found"));
  }
}

TEST_F(AdminServerTest, AnswersARequestCutAnywhere) {
  Start();
  const std::string request = kGetLivez;
  for (size_t cut = 0; cut <= request.size(); ++cut) {
    Client client(server_->port());
    client.Send(request.substr(0, cut));
    // A second client is served meanwhile.
    if (cut % 8 == 0) {
      EXPECT_THAT(Ask("GET", "/livez"), HasSubstr("200 OK"));
    }
    client.Send(request.substr(cut));
    ASSERT_THAT(client.ReadAnswer(), HasSubstr("200 OK")) << "cut at " << cut;
  }
}

TEST_F(AdminServerTest, SurvivesClientsThatLeaveAnywhere) {
  Start();
  const std::string request = kGetLivez;
  for (size_t cut = 0; cut <= request.size(); ++cut)
    Client(server_->port()).Send(request.substr(0, cut));
  EXPECT_THAT(Ask("GET", "/livez"), HasSubstr("200 OK"));
}

TEST_F(AdminServerTest, TellsOtherProtocolsAtOnceAndCloses) {
  Start();
  for (const char* text : {"PING\r\n", "\x16\x03\x01\x02\n", "GET / HTTP/1.1\n"}) {
    Client client(server_->port());
    client.Send(text);
    EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  }
  Client http2(server_->port());
  http2.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  EXPECT_THAT(http2.ReadToEnd(), StartsWith("HTTP/1.1 505 "));
}

// The answer arrives although the client has sent more than the server has read.
TEST_F(AdminServerTest, RefusesAnEndlessHeadWithAnAnswer) {
  Start();
  Client client(server_->port());
  client.Send("GET / HTTP/1.1\r\nA: " + std::string(100'000, 'x'));
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 431 "));
}

TEST_F(AdminServerTest, RefusesLongBodies) {
  Start();
  Client client(server_->port());
  client.Send("POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" +
              std::string(100'000, 'x'));
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(AdminServerTest, HoldsItsLimitOfConnections) {
  AdminOptions options;
  options.max_connections = 2;
  Start(options);
  Client first(server_->port());
  Client second(server_->port());
  for (Client* client : {&first, &second}) {
    client->Send(kGetLivez);
    EXPECT_THAT(client->ReadAnswer(), HasSubstr("200 OK"));
    clock_.AdvanceMs(1);
  }
  EXPECT_THAT(Ask("GET", "/livez"), HasSubstr("200 OK"));
  EXPECT_EQ(first.ReadToEnd(), "");  // it waits for longer than the second
  second.Send(kGetLivez);
  EXPECT_THAT(second.ReadAnswer(), HasSubstr("200 OK"));
}

TEST_F(AdminServerTest, ARequestThatTricklesInGivesWayToo) {
  StartWithOneConnection();
  Client slow(server_->port());
  slow.Send("GET /live");
  EXPECT_THAT(Ask("GET", "/livez"), HasSubstr("200 OK"));
  EXPECT_EQ(slow.ReadToEnd(), "");
}

TEST_F(AdminServerTest, RefusesMoreThanItsLimitWhileAllAreAnswered) {
  StartWithOneConnection(std::string(64 << 20, 'm'));
  Client client(server_->port());
  AskAndDoNotRead(client);
  Client one_more(server_->port());
  EXPECT_THAT(one_more.ReadToEnd(), StartsWith("HTTP/1.1 503 "));
}

TEST_F(AdminServerTest, TimesOutSlowRequests) {
  Start();
  Client client(server_->port());
  client.Send("GET / HTT");
  AdvanceUntilReadable(client, 11'000);
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

// One byte now and then does not help: the limit is for the whole request.
TEST_F(AdminServerTest, ATrickleDoesNotExtendTheLimit) {
  Start();
  Client client(server_->port());
  client.Send("GET / HTTP/1.1\r\nA: ");
  for (int i = 0; i < 1000 && !client.Readable(1); ++i) {
    client.Send("x");
    clock_.AdvanceMs(1000);
    runtime_.worker(1).Poke();
  }
  EXPECT_THAT(client.ReadToEnd(), StartsWith("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_F(AdminServerTest, ClosesIdleConnectionsInSilence) {
  Start();
  Client client(server_->port());
  client.Send(kGetLivez);
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("200 OK"));
  AdvanceUntilReadable(client, 76'000);
  EXPECT_EQ(client.ReadToEnd(), "");
}

TEST_F(AdminServerTest, GivesUpOnClientsThatDoNotRead) {
  StartWithOneConnection(std::string(64 << 20, 'm'));
  Client client(server_->port());
  AskAndDoNotRead(client);
  // Its place is free again once the server has given up.
  std::string answer;
  do {
    clock_.AdvanceMs(11'000);
    for (int i = 0; i < runtime_.size(); ++i) runtime_.worker(i).Poke();
    answer = Ask("GET", "/livez");
  } while (answer.find("200 OK") == std::string::npos);
  EXPECT_LT(client.ReadToEnd().size(), metrics_.size());
}

TEST_F(AdminServerTest, DrainClosesIdleAndHalfSentConnections) {
  Start();
  const int port = server_->port();
  Client idle(port);
  idle.Send(kGetLivez);
  EXPECT_THAT(idle.ReadAnswer(), HasSubstr("200 OK"));
  Client half(port);
  half.Send("GET /li");
  DrainNow();
  EXPECT_EQ(idle.ReadToEnd(), "");
  half.ReadToEnd();
  EXPECT_FALSE(Client(port).connected());
}

TEST_F(AdminServerTest, DrainLetsAnAnswerOut) {
  metrics_.assign(16 << 20, 'm');
  Start();
  Client client(server_->port());
  client.Send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(client.Readable(10'000));
  auto drain = runtime_.Spawn(DrainTask(server_.get(), runtime::Deadline::Never()));
  EXPECT_THAT(client.ReadToEnd().size(), ::testing::Gt(metrics_.size()));
  drain.JoinBlocking();
  server_.reset();
}

TEST_F(AdminServerTest, DrainCutsOffAtItsDeadline) {
  metrics_.assign(64 << 20, 'm');
  Start();
  Client client(server_->port());
  client.Send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(client.Readable(10'000));
  DrainNow();  // the client does not read
  EXPECT_LT(client.ReadToEnd().size(), metrics_.size());
}

TEST_F(AdminServerTest, SaysWhichPortIsTaken) {
  Start();
  AdminOptions options;
  options.port = server_->port();
  const auto second = AdminServer::Start(
      runtime_, options,
      {[](bool) { return ""; }, [] { return ""; }, [] { return absl::OkStatus(); }});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(
      std::string(second.status().message()),
      "cannot listen on 127.0.0.1:" + std::to_string(options.port) + ": Address already in use");
}

TEST_F(AdminServerTest, ListensAtOnePortOnAllItsHosts) {
  AdminOptions options;
  options.hosts = {"127.0.0.1", "127.0.0.2"};
  Start(options);
  const std::string port = std::to_string(server_->port());
  EXPECT_THAT(server_->addresses(),
              ::testing::ElementsAre("127.0.0.1:" + port, "127.0.0.2:" + port));
}

}  // namespace
}  // namespace duet::http
