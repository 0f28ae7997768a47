#include "server/config_endpoint.h"

#include <algorithm>
#include <cstdint>

#include "server/base/numbers.h"

namespace duet {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kUnix = "unix:";
constexpr size_t kLongestSocketPath = 107;
constexpr size_t kLongestHost = 253;

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

bool IsIpv6Character(char c) {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == '.' ||
         c == ':';
}

bool IsHost(std::string_view host) {
  if (host.size() > kLongestHost) return false;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    return host.find(':') != host.npos && std::ranges::all_of(host, IsIpv6Character);
  }
  return !host.empty() && std::ranges::all_of(host, IsNameCharacter);
}

// What a URI may hold as it is.
bool IsSocketPath(std::string_view path) {
  const auto is_plain = [](char c) {
    return IsNameCharacter(c) || std::string_view("/~+,@:=").find(c) != std::string_view::npos;
  };
  return path.starts_with('/') && path.size() <= kLongestSocketPath &&
         std::ranges::all_of(path, is_plain);
}

}  // namespace

std::optional<std::string> GrpcTargetOf(std::string_view endpoint) {
  if (endpoint.empty()) return "";
  if (endpoint.starts_with(kUnix)) {
    std::string_view path = endpoint.substr(kUnix.size());
    if (path.starts_with("///")) path.remove_prefix(2);
    if (!IsSocketPath(path) || path.starts_with("//")) return std::nullopt;
    return std::string(kUnix).append(path);
  }
  if (endpoint.starts_with(kHttp)) {
    endpoint.remove_prefix(kHttp.size());
    if (endpoint.ends_with('/')) endpoint.remove_suffix(1);
  }
  const size_t colon = endpoint.rfind(':');
  if (colon == endpoint.npos || !IsHost(endpoint.substr(0, colon))) return std::nullopt;
  const int64_t port = ParseInt64(endpoint.substr(colon + 1)).value_or(0);
  if (port < 1 || port > 65535) return std::nullopt;
  return std::string("dns:///").append(endpoint);
}

std::string_view EndpointForm() {
  return "an endpoint: host:port, http://host:port or unix:/path (there is no TLS), or nothing";
}

}  // namespace duet
