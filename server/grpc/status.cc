#include "server/grpc/status.h"

#include <utility>

#include "server/base/utf8.h"

namespace duet::rpc {

::grpc::StatusCode StatusCodeOf(ErrorCode code) {
  // No default: a new ErrorCode must be placed here to compile.
  switch (code) {
    case ErrorCode::kGeneric:
      return ::grpc::StatusCode::UNKNOWN;
    case ErrorCode::kSyntax:
      return ::grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorCode::kOutOfRange:
      return ::grpc::StatusCode::OUT_OF_RANGE;
    case ErrorCode::kUnknownCommand:
      return ::grpc::StatusCode::UNIMPLEMENTED;
    case ErrorCode::kWrongType:
      return ::grpc::StatusCode::FAILED_PRECONDITION;
    case ErrorCode::kNotFound:
      return ::grpc::StatusCode::NOT_FOUND;
    case ErrorCode::kConflict:
      return ::grpc::StatusCode::FAILED_PRECONDITION;
    case ErrorCode::kNoAuth:
      return ::grpc::StatusCode::UNAUTHENTICATED;
    case ErrorCode::kNoPermission:
      return ::grpc::StatusCode::PERMISSION_DENIED;
    case ErrorCode::kProtocol:
      return ::grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorCode::kLimit:
      return ::grpc::StatusCode::RESOURCE_EXHAUSTED;
    case ErrorCode::kUnavailable:
      return ::grpc::StatusCode::UNAVAILABLE;
    case ErrorCode::kAborted:
      return ::grpc::StatusCode::ABORTED;
    case ErrorCode::kNotInThisDoor:
      return ::grpc::StatusCode::FAILED_PRECONDITION;
  }
  return ::grpc::StatusCode::UNKNOWN;
}

::grpc::Status ToStatus(const Error& error) {
  return {StatusCodeOf(error.code), PrintableUtf8(error.text)};
}

::grpc::Status ResponseTooLong(const Limits& limits) {
  return {::grpc::StatusCode::RESOURCE_EXHAUSTED,
          "the response has more bytes than the " + std::to_string(limits.grpc_max_message_bytes) +
              " that are allowed"};
}

::grpc::Status InvalidField(std::string_view field, std::string_view what) {
  std::string message(field);
  message.append(": ").append(what);
  return {::grpc::StatusCode::INVALID_ARGUMENT, std::move(message)};
}

}  // namespace duet::rpc
