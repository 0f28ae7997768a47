#include "server/tracing/conventions.h"

#include <gtest/gtest.h>

namespace duet::tracing {
namespace {

// "key=value key=value"
std::string Attributes(const Span& span) {
  std::string out;
  for (const Attribute& attribute : span.attributes) {
    if (!out.empty()) out += ' ';
    out.append(attribute.key).append("=");
    std::visit(
        [&out](const auto& value) {
          if constexpr (std::is_same_v<std::decay_t<decltype(value)>, int64_t>) {
            out += "#" + std::to_string(value);
          } else {
            out.append(value);
          }
        },
        attribute.value);
  }
  return out;
}

std::string ClientOf(std::string_view address) {
  Span span;
  AddClient(span, address);
  return Attributes(span);
}

TEST(ConventionsTest, NamesACommandAsClientsWriteIt) {
  EXPECT_EQ(OperationName("get"), "GET");
  EXPECT_EQ(OperationName("client|no-evict"), "CLIENT NO-EVICT");
}

TEST(ConventionsTest, SplitsAnAddress) {
  EXPECT_EQ(ClientOf("127.0.0.1:50412"), "client.address=127.0.0.1 client.port=#50412");
  EXPECT_EQ(ClientOf("[::1]:50412"), "client.address=::1 client.port=#50412");
  EXPECT_EQ(ClientOf("/run/duet.sock:0"), "client.address=/run/duet.sock");
  EXPECT_EQ(ClientOf(""), "");
  EXPECT_EQ(ClientOf("x"), "client.address=x");
}

TEST(ConventionsTest, ADatabaseIsATextAndAPortANumber) {
  Span span;
  AddDatabase(span, 15);
  AddServer(span, "127.0.0.1:6379");
  EXPECT_EQ(Attributes(span),
            "db.system.name=redis db.namespace=15 server.address=127.0.0.1 server.port=#6379");
}

}  // namespace
}  // namespace duet::tracing
