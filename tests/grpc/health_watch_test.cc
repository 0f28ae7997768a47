// Watch of gRPC's health protocol: a status now, then each that follows.
#include "server/grpc/health_watch.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "grpc/health/v1/health.grpc.pb.h"

#include "server/grpc/methods.h"
#include "tests/grpc/grpc_fixture.h"

namespace duet::testing {
namespace {

using ::grpc::StatusCode;
using ::grpc::health::v1::Health;
using ::grpc::health::v1::HealthCheckRequest;
using ::grpc::health::v1::HealthCheckResponse;

// A client's stream.
class Watch {
 public:
  Watch(GrpcEngine& server, const std::string& service) : stub_(Health::NewStub(server.channel)) {
    HealthCheckRequest request;
    request.set_service(service);
    stream_ = stub_->Watch(&context_, request);
  }

  // Waits for the next one; UNKNOWN: the stream has ended.
  HealthCheckResponse::ServingStatus Next() {
    HealthCheckResponse response;
    return stream_->Read(&response) ? response.status() : HealthCheckResponse::UNKNOWN;
  }
  ::grpc::Status Finish() { return stream_->Finish(); }
  void Cancel() { context_.TryCancel(); }

 private:
  std::unique_ptr<Health::Stub> stub_;
  ::grpc::ClientContext context_;
  std::unique_ptr<::grpc::ClientReader<HealthCheckResponse>> stream_;
};

TEST(HealthWatchTest, TellsTheStatusNowAndEachChange) {
  GrpcEngine server;
  Watch watch(server, "readiness");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
  server.server->SetServing(false);
  EXPECT_EQ(watch.Next(), HealthCheckResponse::NOT_SERVING);
  server.server->SetServing(false);  // no change
  server.server->SetServing(true);
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
  server.server->SetServing(false);
  EXPECT_EQ(watch.Next(), HealthCheckResponse::NOT_SERVING);
  watch.Cancel();
  EXPECT_EQ(watch.Next(), HealthCheckResponse::UNKNOWN);
  EXPECT_EQ(watch.Finish().error_code(), StatusCode::CANCELLED);
}

TEST(HealthWatchTest, AnUnknownNameIsSaidToBeOneAndTheStreamStays) {
  GrpcEngine server;
  Watch watch(server, "nobody");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVICE_UNKNOWN);
  server.server->SetServing(false);
  server.server->DrainBlocking(absl::Seconds(30));
  EXPECT_EQ(watch.Next(), HealthCheckResponse::UNKNOWN);
  EXPECT_EQ(watch.Finish().error_code(), StatusCode::UNAVAILABLE);
}

TEST(HealthWatchTest, ADrainTellsNotServingAndEndsTheStreams) {
  GrpcEngine server;
  const std::vector<std::string> services = {"", "readiness", "duet.v1.KeyValueService"};
  std::vector<std::unique_ptr<Watch>> watches;
  for (const std::string& service : services) {
    watches.push_back(std::make_unique<Watch>(server, service));
    EXPECT_EQ(watches.back()->Next(), HealthCheckResponse::SERVING) << service;
  }
  server.server->DrainBlocking(absl::Seconds(30));
  for (const auto& watch : watches) {
    EXPECT_EQ(watch->Next(), HealthCheckResponse::NOT_SERVING);
    EXPECT_EQ(watch->Next(), HealthCheckResponse::UNKNOWN);
    const ::grpc::Status status = watch->Finish();
    EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
    EXPECT_EQ(status.error_message(), "the server is shutting down");
  }
}

TEST(HealthWatchTest, ThereIsALimitOfWatches) {
  constexpr size_t kLimit = 30;  // more than slots wait
  GrpcEngine server([](rpc::GrpcServerOptions& options) { options.max_health_watchers = kLimit; });
  std::vector<std::unique_ptr<Watch>> watches;
  for (size_t i = 0; i < kLimit; ++i) {
    watches.push_back(std::make_unique<Watch>(server, ""));
    EXPECT_EQ(watches.back()->Next(), HealthCheckResponse::SERVING);
  }
  Watch further(server, "");
  EXPECT_EQ(further.Next(), HealthCheckResponse::UNKNOWN);
  const ::grpc::Status refused = further.Finish();
  EXPECT_EQ(refused.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(), "health is watched 30 times already");
  watches.front()->Cancel();
  // The server hears of it in its own time.
  while (Watch(server, "").Next() != HealthCheckResponse::SERVING) {
  }
  server.server->SetServing(false);
  for (const auto& watch : watches) watch->Cancel();
}

TEST(HealthWatchTest, NeedsNoPasswordAndIsCounted) {
  GrpcEngine server;
  server.engine.server.password.Set("secret");
  Watch watch(server, "readiness");
  EXPECT_EQ(watch.Next(), HealthCheckResponse::SERVING);
  server.server->DrainBlocking(absl::Seconds(30));
  const auto index = static_cast<size_t>(rpc::Method::kHealthWatch);
  EXPECT_EQ(rpc::GrpcServer::method_names()[index].method, "Watch");
  const metrics::RpcCounters& figures = server.engine.registry.worker(0).rpcs[index];
  EXPECT_EQ(figures.started.Value(), 1u);
  EXPECT_EQ(figures.received.Value(), 1u);
  EXPECT_EQ(figures.sent.Value(), 2u);
  EXPECT_EQ(figures.handled[StatusCode::UNAVAILABLE].Value(), 1u);
}

TEST(HealthWatchTest, ClientsThatGoLeaveNothingBehind) {
  GrpcEngine server;
  for (int i = 0; i < 200; ++i) {
    Watch watch(server, i % 2 == 0 ? "" : "nobody");
    if (i % 3 == 0) watch.Next();
    watch.Cancel();  // some before the server has seen them
    server.server->SetServing(i % 5 != 0);
  }
  server.server->DrainBlocking(absl::Seconds(30));
}

}  // namespace
}  // namespace duet::testing
