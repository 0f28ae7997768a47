// The one table from a user's error to gRPC's status, and how its text travels.
#pragma once

#include <string>
#include <string_view>

#include "grpcpp/support/status.h"

#include "server/api/error.h"
#include "server/base/limits.h"

namespace duet::rpc {

// The status code that stands for an error, for every ErrorCode.
::grpc::StatusCode StatusCodeOf(ErrorCode code);

// The error as a status: the table's code, and the line that a RESP client would see, as UTF-8: an
// error may quote what the user sent.
::grpc::Status ToStatus(const Error& error);

// RESOURCE_EXHAUSTED, for a response that is longer than a message may be.
::grpc::Status ResponseTooLong(const Limits& limits);

// INVALID_ARGUMENT, "field: what".
::grpc::Status InvalidField(std::string_view field, std::string_view what);

}  // namespace duet::rpc
