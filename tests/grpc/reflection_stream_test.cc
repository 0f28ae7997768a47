// The reflection streams of a server, of both versions.
#include "server/grpc/reflection_stream.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpcpp/generic/generic_stub.h"

#include "server/grpc/methods.h"
#include "tests/grpc/grpc_fixture.h"

namespace duet::testing {
namespace {

using ::grpc::StatusCode;
using Request = rpc::Reflection::Request;
using Response = rpc::Reflection::Response;
using V1 = ::grpc::reflection::v1::ServerReflection;
using V1Alpha = ::grpc::reflection::v1alpha::ServerReflection;

constexpr char kApiFile[] = "duet/v1/key_value_service.proto";

Request ForServices() {
  Request request;
  request.set_list_services("*");
  return request;
}
Request ForSymbol(const std::string& symbol) {
  Request request;
  request.set_file_containing_symbol(symbol);
  return request;
}

template <typename Service>
struct Messages;
template <>
struct Messages<V1> {
  using Request = ::grpc::reflection::v1::ServerReflectionRequest;
  using Response = ::grpc::reflection::v1::ServerReflectionResponse;
};
template <>
struct Messages<V1Alpha> {
  using Request = ::grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = ::grpc::reflection::v1alpha::ServerReflectionResponse;
};

// A client's stream. Its messages are put down as v1's, which the tests are written in.
template <typename Service>
class Questions {
 public:
  explicit Questions(GrpcEngine& server) : Questions(server.channel) {}
  explicit Questions(const std::shared_ptr<::grpc::Channel>& channel)
      : stub_(Service::NewStub(channel)), stream_(stub_->ServerReflectionInfo(&context_)) {}

  bool Write(const Request& request) {
    OwnRequest own;
    EXPECT_TRUE(own.ParseFromString(request.SerializeAsString()));
    return stream_->Write(own);
  }
  bool Read(Response& response) {
    OwnResponse own;
    return stream_->Read(&own) && response.ParseFromString(own.SerializeAsString());
  }
  // The answer; without a message_response: the stream has ended.
  Response Ask(const Request& request) {
    Response response;
    if (Write(request)) Read(response);
    return response;
  }
  // Is the stream served?
  bool Served() { return Ask(ForServices()).has_list_services_response(); }
  // REQUIRES: all answers are read.
  ::grpc::Status Finish() {
    stream_->WritesDone();
    return stream_->Finish();
  }
  void Cancel() { context_.TryCancel(); }

 private:
  using OwnRequest = typename Messages<Service>::Request;
  using OwnResponse = typename Messages<Service>::Response;

  ::grpc::ClientContext context_;
  std::unique_ptr<typename Service::Stub> stub_;
  std::unique_ptr<::grpc::ClientReaderWriter<OwnRequest, OwnResponse>> stream_;
};

template <typename Service>
class ReflectionStreamTest : public ::testing::Test {
 protected:
  using Stream = Questions<Service>;
  static const metrics::RpcCounters& Figures(GrpcEngine& server) {
    const auto method =
        std::is_same_v<Service, V1> ? rpc::Method::kReflectionV1 : rpc::Method::kReflectionV1Alpha;
    const auto index = static_cast<size_t>(method);
    EXPECT_EQ(rpc::GrpcServer::method_names()[index].service, Service::service_full_name());
    EXPECT_EQ(rpc::GrpcServer::method_names()[index].method, "ServerReflectionInfo");
    return server.engine.registry.worker(0).rpcs[index];
  }
};
using Versions = ::testing::Types<V1, V1Alpha>;
TYPED_TEST_SUITE(ReflectionStreamTest, Versions);

TEST(ReflectionProtocolTest, BothVersionsAreTheSame) {
  const std::string v1 = Request::descriptor()->file()->DebugString();
  const std::string v1alpha = Messages<V1Alpha>::Request::descriptor()->file()->DebugString();
  EXPECT_NE(v1.find("ServerReflectionInfo"), std::string::npos);
  EXPECT_EQ(absl::StrReplaceAll(v1alpha, {{"v1alpha", "v1"}}), v1);
}

TYPED_TEST(ReflectionStreamTest, ListsEveryServiceThatIsServed) {
  GrpcEngine server;
  typename TestFixture::Stream stream(server);
  std::vector<std::string> listed;
  const Response response = stream.Ask(ForServices());
  for (const auto& service : response.list_services_response().service()) {
    listed.push_back(service.name());
  }
  EXPECT_EQ(listed, (std::vector<std::string>{"duet.v1.KeyValueService", "grpc.health.v1.Health",
                                              "grpc.reflection.v1.ServerReflection",
                                              "grpc.reflection.v1alpha.ServerReflection"}));
  EXPECT_TRUE(stream.Finish().ok());
}

TYPED_TEST(ReflectionStreamTest, AClientCanBuildEveryServiceFromWhatItIsTold) {
  GrpcEngine server;
  typename TestFixture::Stream stream(server);
  for (const rpc::MethodName& method : rpc::GrpcServer::method_names()) {
    const std::string name = std::string(method.service) + "." + std::string(method.method);
    const Response response = stream.Ask(ForSymbol(name));
    ::google::protobuf::SimpleDescriptorDatabase files;
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      ::google::protobuf::FileDescriptorProto file;
      ASSERT_TRUE(file.ParseFromString(bytes));
      ASSERT_TRUE(files.Add(file)) << "twice: " << file.name();
    }
    ::google::protobuf::DescriptorPool pool(&files);
    const auto* const described = pool.FindMethodByName(name);
    ASSERT_NE(described, nullptr) << name;
    EXPECT_EQ(described->server_streaming(), method.type != "unary") << name;
  }
  EXPECT_TRUE(stream.Finish().ok());
}

TYPED_TEST(ReflectionStreamTest, AnErrorIsAnAnswerAndTheStreamGoesOn) {
  GrpcEngine server;
  typename TestFixture::Stream stream(server);
  const Response unknown = stream.Ask(ForSymbol("duet.v1.Nonsense"));
  EXPECT_EQ(unknown.error_response().error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(unknown.original_request().file_containing_symbol(), "duet.v1.Nonsense");
  EXPECT_EQ(stream.Ask(Request()).error_response().error_code(), StatusCode::INVALID_ARGUMENT);
  Request file;
  file.set_host("localhost");
  file.set_file_by_filename(kApiFile);
  const Response found = stream.Ask(file);
  EXPECT_EQ(found.valid_host(), "localhost");
  EXPECT_GE(found.file_descriptor_response().file_descriptor_proto_size(), 2);
  EXPECT_TRUE(stream.Finish().ok());
}

TYPED_TEST(ReflectionStreamTest, AnswersInTheOrderOfRequests) {
  GrpcEngine server;
  typename TestFixture::Stream stream(server);
  constexpr int kRequests = 100;
  for (int i = 0; i < kRequests; ++i) ASSERT_TRUE(stream.Write(ForSymbol(std::to_string(i))));
  for (int i = 0; i < kRequests; ++i) {
    Response response;
    ASSERT_TRUE(stream.Read(response));
    EXPECT_EQ(response.original_request().file_containing_symbol(), std::to_string(i));
  }
  EXPECT_TRUE(stream.Finish().ok());
}

TYPED_TEST(ReflectionStreamTest, ThereIsALimitOfStreamsOfBothVersions) {
  constexpr size_t kLimit = 30;  // more than slots wait
  GrpcEngine server(
      [](rpc::GrpcServerOptions& options) { options.max_reflection_streams = kLimit; });
  std::vector<std::unique_ptr<typename TestFixture::Stream>> streams;
  Questions<V1> first(server);
  EXPECT_TRUE(first.Served());
  while (streams.size() + 1 < kLimit) {
    streams.push_back(std::make_unique<typename TestFixture::Stream>(server));
    EXPECT_TRUE(streams.back()->Served());
  }
  typename TestFixture::Stream further(server);
  EXPECT_FALSE(further.Served());
  const ::grpc::Status refused = further.Finish();
  EXPECT_EQ(refused.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(), "there are 30 streams of reflection already");
  EXPECT_TRUE(first.Finish().ok());
  typename TestFixture::Stream next(server);
  EXPECT_TRUE(next.Served());
  EXPECT_TRUE(next.Finish().ok());
  for (const auto& stream : streams) EXPECT_TRUE(stream->Finish().ok());
}

TYPED_TEST(ReflectionStreamTest, ThereIsALimitOfARequestsBytes) {
  GrpcEngine server;
  const auto request_of = [](size_t bytes) {
    Request request = ForServices();
    while (request.ByteSizeLong() < bytes) *request.mutable_host() += 'h';
    EXPECT_EQ(request.ByteSizeLong(), bytes);
    return request;
  };
  typename TestFixture::Stream stream(server);
  EXPECT_TRUE(stream.Ask(request_of(rpc::kMaxReflectionRequestBytes)).has_list_services_response());
  EXPECT_EQ(stream.Ask(request_of(rpc::kMaxReflectionRequestBytes + 1)).message_response_case(),
            Response::MESSAGE_RESPONSE_NOT_SET);
  const ::grpc::Status refused = stream.Finish();
  EXPECT_EQ(refused.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(), "the request has more bytes than the 16384 that are allowed");
}

TYPED_TEST(ReflectionStreamTest, AnAnswerBeyondTheLimitOfMessagesIsNotSent) {
  GrpcEngine server(
      [](rpc::GrpcServerOptions& options) { options.limits.grpc_max_message_bytes = 1024; });
  typename TestFixture::Stream stream(server);
  EXPECT_TRUE(stream.Served());
  EXPECT_FALSE(stream.Ask(ForSymbol("duet.v1.KeyValueService")).has_file_descriptor_response());
  const ::grpc::Status refused = stream.Finish();
  EXPECT_EQ(refused.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(refused.error_message(), "the response has more bytes than the 1024 that are allowed");
}

TYPED_TEST(ReflectionStreamTest, BytesThatAreNoRequestEndTheStream) {
  GrpcEngine server;
  ::grpc::GenericStub stub(server.channel);
  ::grpc::CompletionQueue queue;
  ::grpc::ClientContext context;
  const auto done = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto call = stub.PrepareCall(
      &context, "/" + std::string(TypeParam::service_full_name()) + "/ServerReflectionInfo",
      &queue);
  call->StartCall(nullptr);
  EXPECT_TRUE(done());
  const ::grpc::Slice slice("\x0A\xFFno field is so long");
  call->Write(::grpc::ByteBuffer(&slice, 1), nullptr);
  EXPECT_TRUE(done());
  ::grpc::Status status;
  call->Finish(&status, nullptr);
  EXPECT_TRUE(done());
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "request: is not a ServerReflectionRequest message");
}

TYPED_TEST(ReflectionStreamTest, ADrainEndsOpenStreams) {
  GrpcEngine server;
  typename TestFixture::Stream stream(server), other(server);
  EXPECT_TRUE(stream.Served());
  EXPECT_TRUE(other.Served());
  server.server->DrainBlocking(absl::InfiniteDuration());
  for (auto* open : {&stream, &other}) {
    EXPECT_FALSE(open->Served());
    const ::grpc::Status status = open->Finish();
    EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
    EXPECT_EQ(status.error_message(), "the server is shutting down");
  }
}

TYPED_TEST(ReflectionStreamTest, AClientThatDoesNotReadCannotHoldADrain) {
  GrpcEngine server;
  ::grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // the window stays as it is, 64 KB
  typename TestFixture::Stream stream(::grpc::CreateCustomChannel(
      server.target(), ::grpc::InsecureChannelCredentials(), arguments));
  constexpr int kRequests = 200;  // whose answers are 1 MB
  for (int i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(stream.Write(ForSymbol("duet.v1.KeyValueService")));
  }
  while (TestFixture::Figures(server).sent.Value() < 3) std::this_thread::yield();
  server.server->DrainBlocking(absl::InfiniteDuration());
  int answers = 0;
  Response response;
  while (stream.Read(response)) ++answers;
  EXPECT_LT(answers, kRequests);
  EXPECT_EQ(stream.Finish().error_code(), StatusCode::UNAVAILABLE);
}

TYPED_TEST(ReflectionStreamTest, NeedsNoPasswordAndIsCounted) {
  GrpcEngine server;
  server.engine.server.password.Set("secret");
  typename TestFixture::Stream stream(server);
  EXPECT_TRUE(stream.Served());
  EXPECT_TRUE(stream.Served());
  server.server->DrainBlocking(absl::InfiniteDuration());
  const metrics::RpcCounters& figures = TestFixture::Figures(server);
  EXPECT_EQ(figures.started.Value(), 1u);
  EXPECT_EQ(figures.received.Value(), 2u);
  EXPECT_EQ(figures.sent.Value(), 2u);
  EXPECT_EQ(figures.handled[StatusCode::UNAVAILABLE].Value(), 1u);
}

TYPED_TEST(ReflectionStreamTest, ClientsThatGoLeaveNothingBehind) {
  GrpcEngine server([](rpc::GrpcServerOptions& options) { options.max_reflection_streams = 1; });
  for (int i = 0; i < 200; ++i) {
    typename TestFixture::Stream stream(server);
    if (i % 3 == 0) stream.Served();
    if (i % 2 == 0) stream.Write(ForSymbol("duet.v1.KeyValueService"));
    stream.Cancel();  // some before the server has seen them
  }
  // The server hears of it in its own time.
  while (!typename TestFixture::Stream(server).Served()) {
  }
  server.server->DrainBlocking(absl::InfiniteDuration());
}

}  // namespace
}  // namespace duet::testing
