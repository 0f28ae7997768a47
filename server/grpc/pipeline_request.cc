#include "server/grpc/pipeline_request.h"

#include <string>

#include "duet/v1/key_value_service.pb.h"
#include "server/grpc/status.h"
#include "server/grpc/wire.h"

namespace duet::rpc {
namespace {

using ::grpc::Status;

constexpr uint32_t kIdTag = WireTag(v1::PipelineRequest::kIdFieldNumber, WireType::kVarint);
constexpr uint32_t kCommandsTag =
    WireTag(v1::PipelineRequest::kCommandsFieldNumber, WireType::kBytes);
constexpr uint32_t kDatabaseTag =
    WireTag(v1::PipelineRequest::kDatabaseFieldNumber, WireType::kVarint);
constexpr uint32_t kArgsTag = WireTag(v1::Command::kArgsFieldNumber, WireType::kBytes);

Status Malformed() { return InvalidField("request", "is not a PipelineRequest message"); }

}  // namespace

Status PipelineRequestReader::Read(const ::grpc::ByteBuffer& message, const Limits& limits) {
  // One slice is shared; a message that came in several is put together once.
  if (!message.TrySingleSlice(&slice_).ok() && !message.DumpToSingleSlice(&slice_).ok()) {
    return Malformed();
  }
  return ReadBytes({reinterpret_cast<const char*>(slice_.begin()), slice_.size()}, limits);
}

Status PipelineRequestReader::ReadBytes(std::string_view bytes, const Limits& limits) {
  commands_.Clear();
  args_ = 0;
  id_ = 0;
  database_ = 0;
  WireReader reader(bytes);
  while (!reader.done()) {
    uint32_t tag;
    if (!reader.Tag(tag)) return Malformed();
    if (tag == kCommandsTag) [[likely]] {
      std::string_view command;
      if (!reader.Bytes(command)) return Malformed();
      if (Status status = ReadCommand(command, limits); !status.ok()) return status;
    } else if (tag == kIdTag) {
      if (!reader.Varint(id_)) return Malformed();
    } else if (tag == kDatabaseTag) {
      uint64_t database;
      if (!reader.Varint(database)) return Malformed();
      database_ = static_cast<uint32_t>(database);
    } else if (!reader.Skip(tag)) {
      return Malformed();
    }
  }
  return commands_.empty() ? InvalidField("commands", "must not be empty") : Status();
}

Status PipelineRequestReader::ReadCommand(std::string_view bytes, const Limits& limits) {
  WireReader reader(bytes);
  const uint32_t args_before = args_;
  while (!reader.done()) {
    uint32_t tag;
    std::string_view arg;
    if (!reader.Tag(tag)) return Malformed();
    if (tag != kArgsTag) [[unlikely]] {
      if (!reader.Skip(tag)) return Malformed();
      continue;
    }
    if (!reader.Bytes(arg)) return Malformed();
    if (++args_ > limits.max_args) {
      return InvalidField(
          "commands", "more than " + std::to_string(limits.max_args) + " arguments in one request");
    }
    commands_.Add(arg);
  }
  if (args_ == args_before) {
    return InvalidField("commands[" + std::to_string(commands_.size()) + "].args",
                        "must not be empty");
  }
  commands_.EndCommand();
  return Status();
}

}  // namespace duet::rpc
