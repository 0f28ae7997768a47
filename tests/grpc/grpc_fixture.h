// The engine behind a GrpcServer on a free loopback port, and a stub that calls it. The engine's
// clock stands still until the test turns it.
#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "grpcpp/grpcpp.h"

#include "duet/v1/key_value_service.grpc.pb.h"
#include "server/grpc/server.h"
#include "server/runtime/runtime.h"
#include "tests/support/in_process.h"

namespace duet::testing {

// Thread-compatible.
class GrpcEngine {
 public:
  using Change = std::function<void(rpc::GrpcServerOptions&)>;

  explicit GrpcEngine(
      const Change& change = [](rpc::GrpcServerOptions&) {},
      const std::function<void(InProcess&)>& prepare = [](InProcess&) {}) {
    prepare(engine);
    runtime.Start();
    rpc::GrpcServerOptions options;
    options.addresses = {"127.0.0.1"};
    options.port = 0;
    options.runtime = &runtime;
    options.dispatcher = engine.dispatcher.get();
    options.registry = &engine.registry;
    options.limits = engine.limits;
    options.next_session_id = [this] { return engine.clients.NextId(); };
    change(options);
    auto started = rpc::GrpcServer::Start(std::move(options));
    EXPECT_TRUE(started.ok()) << started.status();
    if (!started.ok()) return;
    server = *std::move(started);
    channel = ::grpc::CreateChannel(target(), ::grpc::InsecureChannelCredentials());
    stub = v1::KeyValueService::NewStub(channel);
  }
  ~GrpcEngine() {
    stub.reset();
    channel.reset();
    server.reset();
    runtime.ShutdownAndJoinBlocking();
  }

  std::string target() const { return "127.0.0.1:" + std::to_string(server->port()); }

  InProcess engine{commands::Door::kGrpcUnary};
  runtime::Runtime runtime{runtime::RuntimeOptions{.threads = 1}};
  std::unique_ptr<rpc::GrpcServer> server;
  std::shared_ptr<::grpc::Channel> channel;
  std::unique_ptr<v1::KeyValueService::Stub> stub;
};

class GrpcFixture : public ::testing::Test {
 protected:
  using Stub = v1::KeyValueService::Stub;

  // Calls an RPC: Call(&Stub::Get, request, &response).
  template <typename Request, typename Response>
  ::grpc::Status Call(::grpc::Status (Stub::*rpc)(::grpc::ClientContext*, const Request&,
                                                  Response*),
                      const Request& request, Response* response) {
    ::grpc::ClientContext context;
    response->Clear();
    return (stub().*rpc)(&context, request, response);
  }
  // The same, and the message of the error; "" for OK. Fails unless it is INVALID_ARGUMENT.
  template <typename Request, typename Response>
  std::string Refusal(::grpc::Status (Stub::*rpc)(::grpc::ClientContext*, const Request&,
                                                  Response*),
                      const Request& request) {
    Response response;
    const ::grpc::Status status = Call(rpc, request, &response);
    EXPECT_EQ(status.error_code(), ::grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
    return status.error_message();
  }

  // Runs a command in the engine, beside the server.
  std::string Run(std::initializer_list<std::string_view> argv) { return server_.engine.Run(argv); }
  void AdvanceTime(int64_t ms) { server_.engine.AdvanceMs(ms); }
  Stub& stub() { return *server_.stub; }
  GrpcEngine& server() { return server_; }

 private:
  GrpcEngine server_;
};

}  // namespace duet::testing
