#include "server/tracing/conventions.h"

#include "server/base/numbers.h"

namespace duet::tracing {
namespace {

void AddAddress(Span& span, std::string_view address_key, std::string_view port_key,
                std::string_view address) {
  const size_t colon = address.rfind(':');
  const std::string_view port =
      colon == std::string_view::npos ? std::string_view() : address.substr(colon + 1);
  std::string_view host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!host.empty()) span.Add(address_key, std::string(host));
  const int64_t number = ParseInt64(port).value_or(0);
  if (number > 0) span.Add(port_key, number);
}

}  // namespace

std::string OperationName(std::string_view full_name) {
  std::string name(full_name);
  for (char& c : name) {
    if (c == '|') c = ' ';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

void AddDatabase(Span& span, int database) {
  span.Add("db.system.name", std::string_view("redis"));
  span.Add("db.namespace", std::to_string(database));
}

void AddClient(Span& span, std::string_view address) {
  AddAddress(span, "client.address", "client.port", address);
}

void AddServer(Span& span, std::string_view address) {
  AddAddress(span, "server.address", "server.port", address);
}

}  // namespace duet::tracing
