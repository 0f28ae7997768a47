#include "server/grpc/auth.h"

#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

#include "server/base/numbers.h"

namespace duet::rpc {
namespace {

// In a time that depends on the lengths only.
bool SameSecret(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() == secret.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    const char expected = secret.empty() ? '\0' : secret[i % secret.size()];
    difference |= static_cast<unsigned char>(given[i] ^ expected);
  }
  return difference == 0;
}

}  // namespace

bool Authenticator::Accepts(std::string_view header) const {
  const size_t space = header.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view scheme = header.substr(0, space);
  const std::string_view credentials = header.substr(space + 1);
  if (EqualsIgnoreCase(scheme, "bearer")) return SameSecret(credentials, password_);
  if (!EqualsIgnoreCase(scheme, "basic")) return false;
  std::string decoded;
  if (!absl::Base64Unescape(absl::string_view(credentials.data(), credentials.size()), &decoded)) {
    return false;
  }
  const std::string_view pair = decoded;
  const size_t colon = pair.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view user = pair.substr(0, colon);
  return (user.empty() || user == "default") && SameSecret(pair.substr(colon + 1), password_);
}

::grpc::Status Authenticator::CheckMetadata(const ::grpc::ServerContext& context) const {
  const auto& metadata = context.client_metadata();
  const auto header = metadata.find("authorization");
  if (header == metadata.end()) {
    return {::grpc::StatusCode::UNAUTHENTICATED, "NOAUTH Authentication required."};
  }
  if (!Accepts(std::string_view(header->second.data(), header->second.size()))) {
    return {::grpc::StatusCode::UNAUTHENTICATED,
            "WRONGPASS invalid username-password pair or user is disabled."};
  }
  return ::grpc::Status();
}

}  // namespace duet::rpc
