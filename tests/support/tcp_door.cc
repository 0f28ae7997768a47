#include "tests/support/tcp_door.h"

#include <arpa/inet.h>
#include <chrono>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "server/base/check.h"
#include "server/base/numbers.h"

namespace duet::testing {

TcpDoor::TcpDoor(int port, std::function<void(int64_t)> advance, bool is_redis)
    : port_(port), advance_(std::move(advance)), is_redis_(is_redis) {
  Connect();
}

TcpDoor::~TcpDoor() { close(fd_); }

void TcpDoor::Connect() {
  if (fd_ >= 0) close(fd_);
  buffer_.clear();
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  DUET_CHECK(fd_ >= 0, "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  DUET_CHECK(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0,
             "nobody listens on the test's port");
}

void TcpDoor::Reset() {
  Connect();
  Send({"FLUSHALL"});
}

void TcpDoor::AdvanceMs(int64_t ms) {
  if (advance_) return advance_(ms);
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

void TcpDoor::Fill() {
  char chunk[16384];
  const ssize_t n = read(fd_, chunk, sizeof(chunk));
  DUET_CHECK(n > 0, "the server closed the connection in the middle of a reply");
  buffer_.append(chunk, static_cast<size_t>(n));
}

// Moves a line with its CRLF from the buffer to the end of `reply`.
void TcpDoor::ReadLine(std::string& reply) {
  size_t end;
  while ((end = buffer_.find("\r\n")) == std::string::npos) Fill();
  reply.append(buffer_, 0, end + 2);
  buffer_.erase(0, end + 2);
}

void TcpDoor::ReadReply(std::string& reply) {
  const size_t start = reply.size();
  ReadLine(reply);
  const char type = reply[start];
  const std::string digits = reply.substr(start + 1, reply.size() - start - 3);
  const int64_t count = ParseInt64(digits).value_or(-1);
  if (type == '$' || type == '=') {
    if (count < 0) return;
    const size_t size = static_cast<size_t>(count) + 2;
    while (buffer_.size() < size) Fill();
    reply.append(buffer_, 0, size);
    buffer_.erase(0, size);
  } else if (type == '*' || type == '~' || type == '>' || type == '%') {
    for (int64_t i = 0; i < (type == '%' ? 2 * count : count); ++i) ReadReply(reply);
  }
}

std::string TcpDoor::Send(const std::vector<std::string>& argv) {
  std::string request = "*" + std::to_string(argv.size()) + "\r\n";
  for (const std::string& word : argv) {
    request += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  for (size_t sent = 0; sent < request.size();) {
    const ssize_t n = send(fd_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    DUET_CHECK(n > 0, "send");
    sent += static_cast<size_t>(n);
  }
  std::string reply;
  ReadReply(reply);
  return reply;
}

}  // namespace duet::testing
