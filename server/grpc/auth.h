// Who may call: the server's password in the metadata of each call, where one is set.
#pragma once

#include <string_view>

#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"

#include "server/base/log.h"
#include "server/base/password.h"

namespace duet::rpc {

// `authorization: Bearer <password>`, or `Basic <base64 of user:password>` with the user "default"
// or none, as AUTH takes them.
// Thread-safe.
class Authenticator {
 public:
  // `password` outlives it, and may change: each call is held to the one of its beginning.
  // Refusals are logged.
  Authenticator(const Password& password, Logger& log) : password_(password), log_(log) {}

  // OK, or UNAUTHENTICATED with the line that RESP clients get.
  ::grpc::Status Check(const ::grpc::ServerContext& context) const {
    if (!password_.required()) [[likely]]
      return ::grpc::Status();
    return CheckMetadata(context);
  }
  // Is this a header's value that lets its caller in?
  bool Accepts(std::string_view header) const;

 private:
  ::grpc::Status CheckMetadata(const ::grpc::ServerContext& context) const;

  const Password& password_;
  Logger& log_;
};

}  // namespace duet::rpc
