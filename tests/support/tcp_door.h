// A door to a RESP server on a TCP port of this machine: our own listener, or redis-server.
// Blocking; for tests only.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/door.h"

namespace duet::testing {

class TcpDoor : public TestDoor {
 public:
  // `advance` turns the server's clock; empty: AdvanceMs sleeps.
  TcpDoor(int port, std::function<void(int64_t)> advance, bool is_redis);
  ~TcpDoor() override;
  TcpDoor(const TcpDoor&) = delete;
  TcpDoor& operator=(const TcpDoor&) = delete;

  std::string Send(const std::vector<std::string>& argv) override;
  void AdvanceMs(int64_t ms) override;
  void Reset() override;  // FLUSHALL and a new connection
  bool keeps_session() const override { return true; }
  bool is_redis() const override { return is_redis_; }

 private:
  void Connect();
  void ReadReply(std::string& reply);
  void ReadLine(std::string& reply);
  void Fill();

  const int port_;
  const std::function<void(int64_t)> advance_;
  const bool is_redis_;
  int fd_ = -1;
  std::string buffer_;  // read and not yet returned
};

}  // namespace duet::testing
