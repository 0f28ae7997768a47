// The Pipeline stream's own reading and writing of protobuf against the generated messages.
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "duet/v1/key_value_service.pb.h"
#include "server/grpc/pipeline_request.h"
#include "server/grpc/pipeline_response.h"
#include "server/grpc/reply_builder.h"
#include "server/grpc/wire.h"

namespace duet::rpc {
namespace {

// Reads from a heap block of exactly the size, so that a sanitizer sees every read beyond it.
class RequestTest : public ::testing::Test {
 protected:
  ::grpc::Status Read(const std::string& bytes) {
    block_ = std::make_unique<char[]>(bytes.size());
    std::memcpy(block_.get(), bytes.data(), bytes.size());
    return reader_.ReadBytes({block_.get(), bytes.size()}, limits_);
  }
  // What the reader has, as the message that it read.
  v1::PipelineRequest Taken() const {
    v1::PipelineRequest request;
    request.set_id(reader_.id());
    request.set_database(reader_.database());
    for (size_t i = 0; i < reader_.commands().size(); ++i) {
      v1::Command& command = *request.add_commands();
      for (const std::string_view arg : reader_.commands()[i]) {
        command.add_args(arg.data(), arg.size());
      }
    }
    return request;
  }

  static v1::PipelineRequest Sample() {
    v1::PipelineRequest request;
    request.set_id(std::numeric_limits<uint64_t>::max());
    request.set_database(300);
    for (const size_t length : {0u, 1u, 127u, 128u, 20'000u}) {
      v1::Command& command = *request.add_commands();
      command.add_args("SET");
      command.add_args(std::string("k\0\xFF", 3));
      command.add_args(std::string(length, 'v'));
    }
    return request;
  }

  Limits limits_;
  std::unique_ptr<char[]> block_;
  PipelineRequestReader reader_;
};

TEST_F(RequestTest, ReadsWhatProtobufWrites) {
  const v1::PipelineRequest request = Sample();
  ASSERT_TRUE(Read(request.SerializeAsString()).ok());
  EXPECT_EQ(Taken().SerializeAsString(), request.SerializeAsString());
  v1::PipelineRequest small;
  small.add_commands()->add_args("PING");
  ASSERT_TRUE(Read(small.SerializeAsString()).ok());
  EXPECT_EQ(Taken().SerializeAsString(), small.SerializeAsString());
}

TEST_F(RequestTest, SkipsFieldsThatItDoesNotKnow) {
  std::string unknown;
  AppendBytes(unknown, WireTag(15, WireType::kBytes), "later");
  AppendVarint(unknown, WireTag(16, WireType::kVarint));
  AppendVarint(unknown, 1u << 30);
  AppendVarint(unknown, WireTag(2000, WireType::kFixed32));
  unknown.append(4, '\xFF');
  AppendVarint(unknown, WireTag(17, WireType::kFixed64));
  unknown.append(8, '\xFF');
  std::string command;
  AppendBytes(command, WireTag(1, WireType::kBytes), "PING");
  std::string bytes = unknown;
  AppendBytes(bytes, WireTag(2, WireType::kBytes), unknown + command + unknown);
  ASSERT_TRUE(Read(bytes + unknown).ok());
  EXPECT_EQ(Taken().ShortDebugString(), "commands { args: \"PING\" }");
}

TEST_F(RequestTest, AgreesWithProtobufAboutEveryCut) {
  v1::PipelineRequest request = Sample();
  request.mutable_commands(4)->set_args(2, "short");
  const std::string bytes = request.SerializeAsString();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    v1::PipelineRequest parsed;
    const ::grpc::Status status = Read(cut);
    if (!parsed.ParseFromString(cut)) {
      EXPECT_EQ(status.error_message(), "request: is not a PipelineRequest message") << size;
    } else if (status.ok()) {
      EXPECT_EQ(Taken().SerializeAsString(), parsed.SerializeAsString()) << size;
    } else {
      EXPECT_EQ(status.error_message(), "commands: must not be empty") << size;
    }
  }
}

TEST_F(RequestTest, NeverTakesWhatProtobufRefuses) {
  std::minstd_rand random(7);
  const std::string bytes = Sample().SerializeAsString().substr(0, 400);
  for (int round = 0; round < 20'000; ++round) {
    std::string mutated = bytes.substr(0, random() % bytes.size());
    for (int i = 0; i < 4 && !mutated.empty(); ++i) {
      mutated[random() % mutated.size()] = static_cast<char>(random());
    }
    v1::PipelineRequest parsed;
    const bool good = parsed.ParseFromString(mutated);
    if (Read(mutated).ok()) {
      ASSERT_TRUE(good) << round;
    }
  }
}

TEST_F(RequestTest, RefusesOddBytes) {
  const std::string malformed = "request: is not a PipelineRequest message";
  EXPECT_EQ(Read("").error_message(), "commands: must not be empty");
  EXPECT_EQ(Read(std::string("\0\0", 2)).error_message(), malformed);            // field 0
  EXPECT_EQ(Read("\x0B\x0C").error_message(), malformed);                        // a group
  EXPECT_EQ(Read("\x12\xFF\xFF\xFF\xFF\x0F").error_message(), malformed);        // beyond the end
  EXPECT_EQ(Read("\x08" + std::string(11, '\xFF')).error_message(), malformed);  // endless varint
  EXPECT_EQ(Read(std::string("\x12\x00", 2)).error_message(),
            "commands[0].args: must not be empty");
}

TEST_F(RequestTest, LimitsTheArgumentsOfAllCommands) {
  limits_.max_args = 6;
  v1::PipelineRequest request;
  for (int i = 0; i < 3; ++i) {
    request.add_commands()->add_args("GET");
    request.mutable_commands(i)->add_args("k");
  }
  EXPECT_TRUE(Read(request.SerializeAsString()).ok());
  request.add_commands()->add_args("PING");
  EXPECT_EQ(Read(request.SerializeAsString()).error_message(),
            "commands: more than 6 arguments in one request");
}

// Writes the same replies into a generated message and as bytes.
class ResponseTest : public ::testing::Test {
 protected:
  ResponseTest() {
    expected_.set_id(300);
    builder_.Start(expected_.mutable_values(), kMaxBytes);
    writer_.Start(300, kMaxBytes);
  }
  template <typename Write>
  void Both(Write write) {
    write(static_cast<ReplyWriter&>(builder_));
    write(static_cast<ReplyWriter&>(writer_));
  }
  void ExpectSame() {
    EXPECT_EQ(writer_.wire(), expected_.SerializeAsString());
    v1::PipelineResponse parsed;
    ASSERT_TRUE(parsed.ParseFromString(writer_.wire()));
    EXPECT_EQ(parsed.ShortDebugString(), expected_.ShortDebugString());
  }

  static constexpr size_t kMaxBytes = 100'000;
  v1::PipelineResponse expected_;
  ReplyBuilder builder_;
  PipelineResponseWriter writer_;
};

void WriteScalars(ReplyWriter& reply) {
  reply.Ok();
  reply.SimpleString("");
  reply.SimpleString("odd \r\n\xFF");
  for (const int64_t number :
       {int64_t{0}, int64_t{-1}, int64_t{127}, int64_t{128}, std::numeric_limits<int64_t>::min(),
        std::numeric_limits<int64_t>::max()}) {
    reply.Integer(number);
    reply.BulkInteger(number);
  }
  for (const size_t length : {0u, 1u, 124u, 125u, 126u, 127u, 128u, 16'380u, 20'000u}) {
    reply.Bulk(std::string(length, 'v'));
  }
  reply.Null();
  reply.NullArray();
  reply.Double(0);
  reply.Double(-1.5);
  reply.Boolean(true);
  reply.Boolean(false);
  reply.BigNumber("12345678901234567890123");
  reply.Verbatim("txt", "hello");
  reply.Error(WrongType());
}

TEST_F(ResponseTest, WritesScalars) {
  Both(WriteScalars);
  ExpectSame();
}

TEST_F(ResponseTest, WritesAggregatesBetweenScalars) {
  Both([](ReplyWriter& reply) {
    reply.Integer(1);
    reply.Array(2);
    reply.Array(0);
    reply.Map(1);
    reply.Bulk("key");
    reply.Set(34);
    WriteScalars(reply);
    reply.Ok();
    reply.Push(1);
    reply.Null();
    reply.Array(0);
    reply.Map(0);
    reply.Integer(2);
  });
  ExpectSame();
}

TEST_F(ResponseTest, SaysThatMoreFollows) {
  Both([](ReplyWriter& reply) { reply.Ok(); });
  expected_.set_more(true);
  writer_.Finish(true);
  ExpectSame();
}

TEST_F(ResponseTest, ReplacesTheLastReply) {
  const Error error = MakeError(ErrorCode::kLimit, "ERR too large");
  Both([](ReplyWriter& reply) { reply.Ok(); });
  writer_.Bulk("large");
  writer_.ReplaceLast(error);
  builder_.Error(error);
  Both([](ReplyWriter& reply) { reply.Integer(1); });
  ExpectSame();
}

TEST_F(ResponseTest, DropsAReplyThatDoesNotFit) {
  const Error error = MakeError(ErrorCode::kLimit, "ERR too large");
  const auto fits = [](ReplyWriter& reply) { reply.Bulk(std::string(kMaxBytes - 50, 'v')); };
  Both(fits);
  EXPECT_FALSE(writer_.overflowed());
  writer_.Bulk(std::string(50, 'v'));
  EXPECT_TRUE(writer_.overflowed());
  ExpectSame();

  writer_.Start(300, kMaxBytes);
  expected_.clear_values();
  Both([](ReplyWriter& reply) { reply.Ok(); });
  writer_.Array(100'000);
  for (int i = 0; i < 100'000; ++i) writer_.Bulk(std::string(1000, 'v'));
  EXPECT_TRUE(writer_.overflowed());
  ExpectSame();
  writer_.ReplaceLast(error);
  EXPECT_FALSE(writer_.overflowed());
  builder_.Error(error);
  ExpectSame();
}

TEST_F(ResponseTest, CountsErrorsOnce) {
  writer_.Array(2);
  writer_.Error(WrongType());
  writer_.Error(SyntaxError());
  EXPECT_EQ(writer_.errors(), 2u);
  EXPECT_EQ(writer_.last_error(), ErrorCode::kSyntax);
}

TEST_F(ResponseTest, IsUsedAgain) {
  writer_.Array(2);  // unfinished
  writer_.Start(0, kMaxBytes);
  writer_.Ok();
  v1::PipelineResponse response;
  response.add_values()->set_simple_string("OK");
  EXPECT_EQ(writer_.wire(), response.SerializeAsString());
}

}  // namespace
}  // namespace duet::rpc
