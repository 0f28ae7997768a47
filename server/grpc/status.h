// The one table from a user's error to gRPC's status, and how its text travels.
#pragma once

#include <string>
#include <string_view>

#include "grpcpp/support/status.h"

#include "server/api/error.h"

namespace duet::rpc {

// The status code that stands for an error, for every ErrorCode.
::grpc::StatusCode StatusCodeOf(ErrorCode code);

// Valid UTF-8 on one line: other bytes become '?', line ends and control characters spaces.
// protobuf strings and status messages must be UTF-8, and an error may quote what the user sent.
std::string PrintableUtf8(std::string_view text);

// The error as a status: the table's code, and the line that a RESP client would see.
::grpc::Status ToStatus(const Error& error);

// INVALID_ARGUMENT, "field: what".
::grpc::Status InvalidField(std::string_view field, std::string_view what);

}  // namespace duet::rpc
