#include "server/grpc/auth.h"

#include <cstddef>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

#include "server/base/numbers.h"

namespace duet::rpc {

bool Authenticator::Accepts(std::string_view header) const {
  const size_t space = header.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view scheme = header.substr(0, space);
  const std::string_view credentials = header.substr(space + 1);
  if (EqualsIgnoreCase(scheme, "bearer")) return password_.Admits(credentials);
  if (!EqualsIgnoreCase(scheme, "basic")) return false;
  std::string decoded;
  if (!absl::Base64Unescape(absl::string_view(credentials.data(), credentials.size()), &decoded)) {
    return false;
  }
  const std::string_view pair = decoded;
  const size_t colon = pair.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view user = pair.substr(0, colon);
  return (user.empty() || user == "default") && password_.Admits(pair.substr(colon + 1));
}

::grpc::Status Authenticator::CheckMetadata(const ::grpc::ServerContext& context) const {
  const auto& metadata = context.client_metadata();
  const auto header = metadata.find("authorization");
  if (header == metadata.end()) {
    return {::grpc::StatusCode::UNAUTHENTICATED, "NOAUTH Authentication required."};
  }
  if (!Accepts(std::string_view(header->second.data(), header->second.size()))) {
    log_.Warning(LogTarget::kAuth, "refused a call: wrong user or password",
                 {{"door", "grpc"}, {"peer", context.peer()}});
    return {::grpc::StatusCode::UNAUTHENTICATED,
            "WRONGPASS invalid username-password pair or user is disabled."};
  }
  return ::grpc::Status();
}

}  // namespace duet::rpc
