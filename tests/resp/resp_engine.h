// The RESP door over real sockets in this process, and clients of it that see bytes.
//
// Thread class: a RespEngine and a RawClient belong to the test's thread.
#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "server/resp/listener.h"
#include "server/runtime/runtime.h"
#include "tests/support/in_process.h"

namespace duet::testing {

inline runtime::RuntimeOptions WithThreads(int threads) {
  runtime::RuntimeOptions options;
  options.threads = threads;
  return options;
}

inline resp::RespOptions On(int port) {
  resp::RespOptions options;
  options.bind = {"127.0.0.1"};
  options.port = port;
  return options;
}

// The engine behind a listener on a free port, in this process, on a clock that the test turns.
struct RespEngine {
  explicit RespEngine(int threads = 1) : RespEngine(WithThreads(threads)) {}
  explicit RespEngine(const runtime::RuntimeOptions& options) : runtime(options) {
    engine.settings.values["port"] = "0";
    auto bound = resp::RespServer::Bind(runtime, *engine.dispatcher, engine.registry, On(0));
    EXPECT_TRUE(bound.ok()) << bound.status();
    server = *std::move(bound);
    runtime.Start();
    server->Start();
  }
  ~RespEngine() {
    server->DrainBlocking(/*limit_ms=*/0);
    runtime.ShutdownAndJoinBlocking();
  }

  InProcess engine;
  runtime::Runtime runtime;
  std::unique_ptr<resp::RespServer> server;
};

// A blocking client that sees bytes.
class RawClient {
 public:
  explicit RawClient(int port, int receive_buffer = 0) {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    if (receive_buffer > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~RawClient() {
    if (fd_ >= 0) ::close(fd_);
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ASSERT_GT(sent, 0);
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // Exactly `size` bytes, fewer if the server closes before.
  std::string Receive(size_t size) {
    std::string bytes(size, '\0');
    size_t got = 0;
    while (got < size) {
      const ssize_t n = ::recv(fd_, bytes.data() + got, size - got, 0);
      if (n <= 0) break;
      got += static_cast<size_t>(n);
    }
    bytes.resize(got);
    return bytes;
  }
  // Everything up to `end`, and what came with it.
  std::string ReceiveUpTo(std::string_view end) {
    std::string all;
    char chunk[65536];
    for (size_t seen = 0; all.find(end, seen) == std::string::npos;) {
      seen = all.size() - std::min(all.size(), end.size());
      const ssize_t n = ::recv(fd_, chunk, sizeof(chunk), 0);
      if (n <= 0) break;
      all.append(chunk, static_cast<size_t>(n));
    }
    return all;
  }
  // Everything up to the server's close.
  std::string ReceiveAll() {
    std::string all;
    for (std::string more = Receive(1); !more.empty(); more = Receive(1)) all += more;
    return all;
  }
  void FinishSending() { ::shutdown(fd_, SHUT_WR); }
  // Leaves with a reset instead of a farewell.
  void Abort() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

inline std::string Set(const std::string& key, const std::string& value) {
  return "*3\r\n$3\r\nSET\r\n$" + std::to_string(key.size()) + "\r\n" + key + "\r\n$" +
         std::to_string(value.size()) + "\r\n" + value + "\r\n";
}

inline std::string Repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace duet::testing
