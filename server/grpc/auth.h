// Who may call: the server's password in the metadata of each call, where one is set.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"

namespace duet::rpc {

// `authorization: Bearer <password>`, or `Basic <base64 of user:password>` with the user "default"
// or none, as AUTH takes them.
// Thread-safe: immutable.
class Authenticator {
 public:
  // An empty password lets everybody in.
  explicit Authenticator(std::string password) : password_(std::move(password)) {}

  // OK, or UNAUTHENTICATED with the line that RESP clients get.
  ::grpc::Status Check(const ::grpc::ServerContext& context) const {
    if (password_.empty()) [[likely]]
      return ::grpc::Status();
    return CheckMetadata(context);
  }
  // Is this a header's value that lets its caller in?
  bool Accepts(std::string_view header) const;

 private:
  ::grpc::Status CheckMetadata(const ::grpc::ServerContext& context) const;

  const std::string password_;
};

}  // namespace duet::rpc
