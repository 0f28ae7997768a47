#include "tests/grpc/grpc_door.h"

#include "server/base/numbers.h"

namespace duet::testing {
namespace {

std::string Bulk(const std::string& bytes) {
  return "$" + std::to_string(bytes.size()) + "\r\n" + bytes + "\r\n";
}

std::string List(const v1::RespArray& list) {
  std::string text = "*" + std::to_string(list.values_size()) + "\r\n";
  for (const v1::RespValue& value : list.values()) text += Resp2(value);
  return text;
}

}  // namespace

std::string Resp2(const v1::RespValue& value) {
  switch (value.kind_case()) {
    case v1::RespValue::kNull:
      return "$-1\r\n";
    case v1::RespValue::kSimpleString:
      return "+" + value.simple_string() + "\r\n";
    case v1::RespValue::kError:
      return "-" + value.error().text() + "\r\n";
    case v1::RespValue::kInteger:
      return ":" + std::to_string(value.integer()) + "\r\n";
    case v1::RespValue::kDouble:
      return Bulk(FormatDouble(value.double_()));
    case v1::RespValue::kBoolean:
      return value.boolean() ? ":1\r\n" : ":0\r\n";
    case v1::RespValue::kBigNumber:
      return Bulk(value.big_number());
    case v1::RespValue::kBulk:
      return Bulk(value.bulk());
    case v1::RespValue::kVerbatim:
      return Bulk(value.verbatim().text());
    case v1::RespValue::kArray:
      return List(value.array());
    case v1::RespValue::kSet:
      return List(value.set());
    case v1::RespValue::kPush:
      return List(value.push());
    case v1::RespValue::kMap: {
      std::string text = "*" + std::to_string(2 * value.map().entries_size()) + "\r\n";
      for (const v1::RespMapEntry& entry : value.map().entries()) {
        text += Resp2(entry.key()) + Resp2(entry.value());
      }
      return text;
    }
    case v1::RespValue::KIND_NOT_SET:
      break;
  }
  return "(no kind)\r\n";
}

std::string GrpcDoor::Send(const std::vector<std::string>& argv) {
  ::grpc::ClientContext context;
  v1::ExecuteRequest request;
  for (const std::string& word : argv) request.add_args(word);
  v1::ExecuteResponse response;
  const ::grpc::Status status = server_->stub->Execute(&context, request, &response);
  return status.ok() ? Resp2(response.value()) : "-" + status.error_message() + "\r\n";
}

std::string PipelineDoor::Send(const std::vector<std::string>& argv) {
  ::grpc::ClientContext context;
  const auto stream = server().stub->Pipeline(&context);
  v1::PipelineRequest request;
  request.set_id(7);
  v1::Command& command = *request.add_commands();
  for (const std::string& word : argv) command.add_args(word);
  v1::PipelineResponse response;
  stream->Write(request);
  stream->WritesDone();
  const bool read = stream->Read(&response);
  const ::grpc::Status status = stream->Finish();
  if (!read || !status.ok()) return "(" + status.error_message() + ")\r\n";
  EXPECT_EQ(response.id(), 7u);
  EXPECT_EQ(response.values_size(), 1);
  return Resp2(response.values(0));
}

}  // namespace duet::testing
