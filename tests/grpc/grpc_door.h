// A door to a GrpcServer: each command is one Execute, its reply written down as RESP2.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/grpc/grpc_fixture.h"
#include "tests/support/door.h"

namespace duet::testing {

class GrpcDoor : public TestDoor {
 public:
  std::string Send(const std::vector<std::string>& argv) override;
  void AdvanceMs(int64_t ms) override { server_->engine.AdvanceMs(ms); }
  void Reset() override {
    server_.reset();
    server_ = std::make_unique<GrpcEngine>();
  }
  bool keeps_session() const override { return false; }

 protected:
  GrpcEngine& server() { return *server_; }

 private:
  std::unique_ptr<GrpcEngine> server_;
};

// The same through a Pipeline stream: each command is a batch of one.
class PipelineDoor final : public GrpcDoor {
 public:
  std::string Send(const std::vector<std::string>& argv) override;
};

// The value as a RESP2 reply.
std::string Resp2(const v1::RespValue& value);

}  // namespace duet::testing
