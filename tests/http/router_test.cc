#include "server/http/router.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace duet::http {
namespace {

Request Make(std::string_view method, std::string_view path) {
  Request request;
  request.method = method;
  request.path = path;
  return request;
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    router_.Add("/a", [](const Request& request) {
      return Response{200, "a " + std::string(request.query)};
    });
    router_.Add("/b", [](const Request&) { return Response{503, "no\n"}; });
  }
  Router router_;
};

TEST_F(RouterTest, FindsTheHandlerOfThePath) {
  Request request = Make("GET", "/a");
  request.query = "q";
  EXPECT_EQ(router_.Handle(request).body, "a q");
  EXPECT_EQ(router_.Handle(Make("HEAD", "/b")).status, 503);
}

TEST_F(RouterTest, RefusesOtherPathsAndMethodsInOneLine) {
  const Response missing = router_.Handle(Make("POST", "/a/"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body, "404 Not Found: there is nothing here, but at /a, /b\n");
  const Response method = router_.Handle(Make("get", "/a"));
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.body, "405 Method Not Allowed: only GET and HEAD are allowed\n");
}

TEST(FormatResponse, WritesHeadAndBody) {
  const Response response{200, "ok\n"};
  const std::string head =
      "HTTP/1.1 200 OK\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\nCache-Control: no-store\r\n";
  EXPECT_EQ(FormatResponse(response, false, true, 1'700'000'000'000),
            head + "Connection: keep-alive\r\n\r\nok\n");
  EXPECT_EQ(FormatResponse(response, true, false, 1'700'000'000'000),
            head + "Connection: close\r\n\r\n");
}

TEST(FormatResponse, SaysWhatIsAllowed) {
  EXPECT_THAT(FormatResponse(ErrorResponse(405, "x"), false, true, 0),
              ::testing::HasSubstr("Allow: GET, HEAD\r\n"));
}

}  // namespace
}  // namespace duet::http
