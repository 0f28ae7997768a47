// What grpc.reflection's ServerReflection answers: tools such as grpcurl ask it what they can call.
#pragma once

#include <cstddef>
#include <google/protobuf/descriptor.h>
#include <string>
#include <vector>

#include "grpc/reflection/v1/reflection.pb.h"

#include "server/grpc/stream_limit.h"

namespace duet::rpc {

// Thread-safe.
class Reflection {
 public:
  using Request = ::grpc::reflection::v1::ServerReflectionRequest;
  using Response = ::grpc::reflection::v1::ServerReflectionResponse;

  // Lists the services of `files`, and describes all files of their pool, which outlives it.
  // REQUIRES: there is a file, and they are of one pool.
  Reflection(const std::vector<const ::google::protobuf::FileDescriptor*>& files,
             size_t max_streams);

  // What there is no answer to gives an error_response.
  // REQUIRES: `response` is empty.
  void Answer(const Request& request, Response& response) const;

  // Of both versions.
  StreamLimit& streams() { return streams_; }

 private:
  void AnswerWithFile(const ::google::protobuf::FileDescriptor* file, Response& response) const;
  void AnswerWithExtensions(const std::string& type, Response& response) const;

  const ::google::protobuf::DescriptorPool& pool_;
  const std::vector<std::string> services_;  // sorted
  StreamLimit streams_;
};

}  // namespace duet::rpc
