// A PipelineRequest, read from its bytes without a copy.
//
// The generated message costs an allocation-sized object an argument; a batch of a hundred commands
// spent a third of its time there, and a message of empty commands took thirty times its size in
// memory. Here an argument is a view into the message.
#pragma once

#include <cstdint>
#include <string_view>

#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/slice.h"
#include "grpcpp/support/status.h"

#include "server/api/argv.h"
#include "server/base/limits.h"

namespace duet::rpc {

// Thread-compatible. Used for one message after the other; what it gives is valid until the next.
class PipelineRequestReader {
 public:
  // Takes the message. INVALID_ARGUMENT with the field's name where it is not well-formed, holds no
  // command, a command without a name, or more arguments than one command may have.
  ::grpc::Status Read(const ::grpc::ByteBuffer& message, const Limits& limits);
  // The same for bytes that the caller keeps.
  ::grpc::Status ReadBytes(std::string_view bytes, const Limits& limits);

  uint64_t id() const { return id_; }
  uint32_t database() const { return database_; }
  const CommandBatch& commands() const { return commands_; }

 private:
  ::grpc::Status ReadCommand(std::string_view bytes, const Limits& limits);

  ::grpc::Slice slice_;  // the bytes that the commands point into
  uint64_t id_ = 0;
  uint32_t database_ = 0;
  CommandBatch commands_;
  uint32_t args_ = 0;  // of all commands
};

}  // namespace duet::rpc
