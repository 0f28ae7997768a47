// The Pipeline stream, over the wire.
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "tests/grpc/grpc_fixture.h"

namespace duet::testing {
namespace {

using Request = v1::PipelineRequest;
using Response = v1::PipelineResponse;

void AddCommand(Request& request, std::initializer_list<std::string> argv) {
  v1::Command& command = *request.add_commands();
  for (const std::string& word : argv) command.add_args(word);
}

class PipelineTest : public GrpcFixture {
 protected:
  PipelineTest() : stream_(stub().Pipeline(&context_)) {}

  // Ends the stream from the client's side.
  ::grpc::Status Finish() {
    stream_->WritesDone();
    return stream_->Finish();
  }
  // The message that the server ends the stream with after `request`.
  std::string Refusal(const Request& request) {
    stream_->Write(request);
    Response response;
    EXPECT_FALSE(stream_->Read(&response));
    const ::grpc::Status status = stream_->Finish();
    EXPECT_EQ(status.error_code(), ::grpc::StatusCode::INVALID_ARGUMENT);
    return status.error_message();
  }

  ::grpc::ClientContext context_;
  std::unique_ptr<::grpc::ClientReaderWriter<Request, Response>> stream_;
};

TEST_F(PipelineTest, AnswersBatchesInOrder) {
  for (uint64_t id : {7u, 0u, 7u}) {
    Request request;
    request.set_id(id);
    AddCommand(request, {"SET", "k", std::to_string(id)});
    AddCommand(request, {"INCR", "k"});
    AddCommand(request, {"GET", "missing"});
    ASSERT_TRUE(stream_->Write(request));
  }
  for (uint64_t id : {7u, 0u, 7u}) {
    Response response;
    ASSERT_TRUE(stream_->Read(&response));
    EXPECT_EQ(response.id(), id);
    EXPECT_FALSE(response.more());
    ASSERT_EQ(response.values_size(), 3);
    EXPECT_EQ(response.values(0).simple_string(), "OK");
    EXPECT_EQ(response.values(1).integer(), static_cast<int64_t>(id + 1));
    EXPECT_TRUE(response.values(2).has_null());
  }
  EXPECT_TRUE(Finish().ok());
}

TEST_F(PipelineTest, AnErrorIsAValue) {
  Request request;
  AddCommand(request, {"SET", "k", "text"});
  AddCommand(request, {"INCR", "k"});
  AddCommand(request, {"SELECT", "1"});
  AddCommand(request, {"GET", "k"});
  stream_->Write(request);
  Response response;
  ASSERT_TRUE(stream_->Read(&response));
  ASSERT_EQ(response.values_size(), 4);
  EXPECT_EQ(response.values(1).error().text(), "ERR value is not an integer or out of range");
  EXPECT_EQ(response.values(1).error().code(), ::grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(response.values(2).error().code(), ::grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(response.values(3).bulk(), "text");
  EXPECT_TRUE(Finish().ok());
}

TEST_F(PipelineTest, EachBatchNamesItsDatabase) {
  Request request;
  request.set_database(5);
  AddCommand(request, {"SET", "k", "in five"});
  stream_->Write(request);
  request.set_database(0);
  request.clear_commands();
  AddCommand(request, {"GET", "k"});
  stream_->Write(request);
  Response response;
  ASSERT_TRUE(stream_->Read(&response));
  ASSERT_TRUE(stream_->Read(&response));
  EXPECT_TRUE(response.values(0).has_null());
  EXPECT_TRUE(Finish().ok());
}

TEST_F(PipelineTest, LargeRepliesAreCutIntoSeveralResponses) {
  Run({"SET", "k", std::string(300'000, 'x')});
  Request request;
  request.set_id(9);
  for (int i = 0; i < 10; ++i) AddCommand(request, {"GET", "k"});
  stream_->Write(request);
  int values = 0;
  int responses = 0;
  Response response;
  do {
    ASSERT_TRUE(stream_->Read(&response));
    EXPECT_EQ(response.id(), 9u);
    EXPECT_GT(response.values_size(), 0);
    for (const v1::RespValue& value : response.values()) EXPECT_EQ(value.bulk().size(), 300'000u);
    values += response.values_size();
    ++responses;
  } while (response.more());
  EXPECT_EQ(values, 10);
  EXPECT_EQ(responses, 3);  // a mebibyte is passed by the fourth reply
  EXPECT_TRUE(Finish().ok());
}

TEST_F(PipelineTest, RefusesAnEmptyBatch) {
  EXPECT_EQ(Refusal(Request()), "commands: must not be empty");
}

TEST_F(PipelineTest, RefusesAnEmptyCommand) {
  Request request;
  AddCommand(request, {"PING"});
  AddCommand(request, {});
  EXPECT_EQ(Refusal(request), "commands[1].args: must not be empty");
}

TEST_F(PipelineTest, RefusesAnUnknownDatabase) {
  Request request;
  AddCommand(request, {"PING"});
  request.set_database(16);
  EXPECT_EQ(Refusal(request), "database: must lie between 0 and 15");
}

TEST_F(PipelineTest, ManyStreamsAtOnce) {
  std::vector<std::unique_ptr<::grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<::grpc::ClientReaderWriter<Request, Response>>> streams;
  for (int i = 0; i < 40; ++i) {
    contexts.push_back(std::make_unique<::grpc::ClientContext>());
    streams.push_back(stub().Pipeline(contexts.back().get()));
  }
  Request request;
  AddCommand(request, {"INCR", "n"});
  for (auto& stream : streams) ASSERT_TRUE(stream->Write(request));
  Response response;
  for (auto& stream : streams) ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(Run({"GET", "n"}), "\"40\"");
  for (auto& stream : streams) {
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
  }
}

TEST(PipelineLimitTest, OneStreamTooManyIsRefused) {
  constexpr uint32_t kMax = 20;  // more than there are slots at first
  GrpcEngine server(
      [](rpc::GrpcServerOptions& options) { options.limits.grpc_max_pipeline_streams = kMax; });
  Request request;
  AddCommand(request, {"PING"});
  Response response;
  struct Open {
    explicit Open(GrpcEngine& server) : stream(server.stub->Pipeline(&context)) {}
    ::grpc::ClientContext context;
    std::unique_ptr<::grpc::ClientReaderWriter<Request, Response>> stream;
  };
  std::vector<std::unique_ptr<Open>> open;
  for (uint32_t i = 0; i < kMax; ++i) {
    open.push_back(std::make_unique<Open>(server));
    ASSERT_TRUE(open.back()->stream->Write(request));
    ASSERT_TRUE(open.back()->stream->Read(&response)) << i;
  }
  for (int i = 0; i < 40; ++i) {  // more than say no at once
    Open another(server);
    EXPECT_FALSE(another.stream->Read(&response));
    const ::grpc::Status refused = another.stream->Finish();
    ASSERT_EQ(refused.error_code(), ::grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(refused.error_message(), "there are 20 streams of Pipeline already");
  }
  open.back()->stream->WritesDone();
  EXPECT_TRUE(open.back()->stream->Finish().ok());
  Open instead(server);
  ASSERT_TRUE(instead.stream->Write(request));
  EXPECT_TRUE(instead.stream->Read(&response));
}

// What a reply may be is a limit of the message.
TEST(PipelineLimitTest, AReplyThatDoesNotFitIsAnError) {
  GrpcEngine server(
      [](rpc::GrpcServerOptions& options) { options.limits.grpc_max_message_bytes = 4096; });
  server.engine.Run({"SET", "k", std::string(5000, 'x')});
  ::grpc::ClientContext context;
  const auto stream = server.stub->Pipeline(&context);
  Request request;
  AddCommand(request, {"PING"});
  AddCommand(request, {"GET", "k"});
  AddCommand(request, {"PING"});
  stream->Write(request);
  Response response;
  ASSERT_TRUE(stream->Read(&response));
  ASSERT_EQ(response.values_size(), 2);
  EXPECT_EQ(response.values(1).error().code(), ::grpc::StatusCode::RESOURCE_EXHAUSTED);
  ASSERT_TRUE(response.more());
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.values(0).simple_string(), "PONG");
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace duet::testing
