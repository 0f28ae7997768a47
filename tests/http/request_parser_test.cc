#include "server/http/request_parser.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace duet::http {
namespace {

using ::testing::ElementsAre;

// Feeds each piece from a heap block of its exact size, so that ASan sees every over-read, and
// writes down what comes out: "GET /path?query keep", or "error 400".
class Session {
 public:
  explicit Session(const ParserLimits& limits = {}) : parser_(limits) {}

  void Feed(std::string_view piece) {
    const std::unique_ptr<char[]> block(new char[piece.size()]);
    std::copy(piece.begin(), piece.end(), block.get());
    parser_.Feed({block.get(), piece.size()});
    while (!failed_) {
      auto next = parser_.Next();
      if (!next.ok()) {
        failed_ = true;
        log_.push_back("error " + std::to_string(next.error().status));
      } else if (next->has_value()) {
        const Request& request = **next;
        log_.push_back(std::string(request.method) + " " + std::string(request.path) +
                       (request.query.empty() ? "" : "?" + std::string(request.query)) +
                       (request.keep_alive ? " keep" : " close"));
      } else {
        break;
      }
    }
  }
  const std::vector<std::string>& log() const { return log_; }
  bool idle() const { return parser_.idle(); }

 private:
  RequestParser parser_;
  bool failed_ = false;
  std::vector<std::string> log_;
};

std::vector<std::string> ParseAll(std::string_view text, const ParserLimits& limits = {}) {
  Session session(limits);
  session.Feed(text);
  return session.log();
}

constexpr const char* kHost = "Host: a\r\n";
std::string Get(const std::string& target, const std::string& headers = "") {
  return "GET " + target + " HTTP/1.1\r\n" + kHost + headers + "\r\n";
}

TEST(RequestParser, TakesRequests) {
  EXPECT_THAT(ParseAll(Get("/metrics")), ElementsAre("GET /metrics keep"));
  EXPECT_THAT(ParseAll(Get("/metrics?a=b&c")), ElementsAre("GET /metrics?a=b&c keep"));
  EXPECT_THAT(ParseAll("HEAD / HTTP/1.1\r\nhOsT:\t a \r\n\r\n"), ElementsAre("HEAD / keep"));
  EXPECT_THAT(ParseAll("GET / HTTP/1.7\r\nHost: a\r\n\r\n"), ElementsAre("GET / keep"));
  EXPECT_THAT(ParseAll("\r\n\r\n" + Get("/x")), ElementsAre("GET /x keep"));
}

TEST(RequestParser, TakesAbsoluteTargets) {
  EXPECT_THAT(ParseAll(Get("http://a:1/metrics?x")), ElementsAre("GET /metrics?x keep"));
  EXPECT_THAT(ParseAll(Get("HTTP://a:1")), ElementsAre("GET / keep"));
  EXPECT_THAT(ParseAll(Get("http://a?x")), ElementsAre("GET /?x keep"));
  EXPECT_THAT(ParseAll("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), ElementsAre("OPTIONS * keep"));
}

TEST(RequestParser, GivesTheAcceptHeaderOfEachRequest) {
  RequestParser parser;
  parser.Feed("GET / HTTP/1.1\r\nHost: a\r\nACCEPT:  text/pl");
  EXPECT_EQ(parser.Next()->has_value(), false);
  parser.Feed("ain \r\n\r\n" + Get("/"));
  EXPECT_EQ((*parser.Next())->accept, "text/plain");
  EXPECT_EQ((*parser.Next())->accept, "");
}

TEST(RequestParser, TakesAnEmptyAcceptHeader) {
  for (const std::string header : {"Accept:\r\n", "Accept: \t\r\n"}) {
    RequestParser parser;
    parser.Feed(Get("/", header));
    EXPECT_EQ((*parser.Next())->accept, "");
  }
}

// A request leaves nothing behind for the next one, which may be shorter than the place where the
// first had its header.
TEST(RequestParser, ForgetsTheAcceptHeaderOfTheLastRequest) {
  RequestParser parser;
  parser.Feed(Get("/a-long-path-that-moves-what-follows-to-the-back", "Accept: text/plain\r\n"));
  EXPECT_EQ((*parser.Next())->accept, "text/plain");
  parser.Feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ((*parser.Next())->accept, "");
}

TEST(RequestParser, KnowsTheAcceptHeaderOfARequestThatComesInTwo) {
  RequestParser parser;
  parser.Feed(Get("/first") + "GET /second HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n");
  EXPECT_EQ((*parser.Next())->path, "/first");
  EXPECT_FALSE(parser.Next()->has_value());
  parser.Feed("\r\n");
  const Request second = **parser.Next();
  EXPECT_EQ(second.path, "/second");
  EXPECT_EQ(second.accept, "text/html");
}

TEST(RequestParser, KnowsWhetherTheConnectionGoesOn) {
  EXPECT_THAT(ParseAll(Get("/", "Connection: close\r\n")), ElementsAre("GET / close"));
  EXPECT_THAT(ParseAll(Get("/", "Connection: x, Close\r\n")), ElementsAre("GET / close"));
  EXPECT_THAT(ParseAll(Get("/", "Connection: closed\r\n")), ElementsAre("GET / keep"));
  EXPECT_THAT(ParseAll("GET / HTTP/1.0\r\n\r\n"), ElementsAre("GET / close"));
  EXPECT_THAT(ParseAll("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"),
              ElementsAre("GET / keep"));
}

TEST(RequestParser, DropsBodies) {
  EXPECT_THAT(ParseAll("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /" + Get("/b")),
              ElementsAre("POST /a keep", "GET /b keep"));
  EXPECT_THAT(ParseAll("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0005\r\n\r\n1234"),
              ElementsAre());
}

TEST(RequestParser, IsIdleBetweenRequests) {
  Session session;
  EXPECT_TRUE(session.idle());
  session.Feed("G");
  EXPECT_FALSE(session.idle());
  session.Feed(Get("/").substr(1));
  EXPECT_TRUE(session.idle());
}

TEST(RequestParser, RefusesWhatIsNotHttp) {
  const std::pair<std::string, int> cases[] = {
      {"PING\r\n", 400},
      {"*1\r\n$4\r\nPING\r\n", 400},
      {"GET /\r\n", 400},
      {"GET  / HTTP/1.1\r\n", 400},
      {"GET / x HTTP/1.1\r\n", 400},
      {" GET / HTTP/1.1\r\n", 400},
      {"G(T / HTTP/1.1\r\n", 400},
      {"GET /\x01 HTTP/1.1\r\n", 400},
      {"GET /\xff HTTP/1.1\r\n", 400},
      {"GET / HTTP/1.1x\r\n", 400},
      {"GET / http/1.1\r\n", 400},
      {"GET / HTTP/1,1\r\n", 400},
      {"GET / HTTP/x.1\r\n", 400},
      {"GET / HTTP/1.1\n", 400},
      {"\n", 400},
      {std::string("\0\0\n", 3), 400},
      {"\x16\x03\x01\n", 400},
      {"PRI * HTTP/2.0\r\n", 505},
      {"GET / HTTP/0.9\r\n", 505},
      {"GET / HTTP/2.0\r\n", 505},
      {"GET / HTTP/1.1\r\n\r\n", 400},  // no Host
      {Get("/", "Host: b\r\n"), 400},
      {Get("/", "NoColon\r\n"), 400},
      {Get("/", ": v\r\n"), 400},
      {Get("/", "A : v\r\n"), 400},
      {Get("/", " folded\r\n"), 400},
      {Get("/", "A: b\rc\r\n"), 400},
      {Get("/", std::string("A: \0\r\n", 6)), 400},
      {Get("/", "A: b\n"), 400},
      {Get("/", "Content-Length: -1\r\n"), 400},
      {Get("/", "Content-Length: +1\r\n"), 400},
      {Get("/", "Content-Length: 1 1\r\n"), 400},
      {Get("/", "Content-Length: 0x1\r\n"), 400},
      {Get("/", "Content-Length:\r\n"), 400},
      {Get("/", "Content-Length: 1\r\nContent-Length: 1\r\n"), 400},
      {Get("/", "Content-Length: 99999999999999999999999\r\n"), 413},
      {Get("/", "Content-Length: 18446744073709551615\r\n"), 413},
      {Get("/", "Transfer-Encoding: chunked\r\n"), 501},
      {Get("/", "Expect: 100-continue\r\n"), 417},
  };
  for (const auto& [text, status] : cases) {
    EXPECT_THAT(ParseAll(text), ElementsAre("error " + std::to_string(status))) << text;
  }
}

TEST(RequestParser, StaysFailed) {
  RequestParser parser;
  parser.Feed("nonsense\r\n");
  EXPECT_FALSE(parser.Next().ok());
  parser.Feed(Get("/"));
  EXPECT_FALSE(parser.Next().ok());
}

TEST(RequestParser, HoldsTheLimitOfTheHead) {
  ParserLimits limits;
  limits.max_head_bytes = 100;
  const std::string small = Get("/", "A: \r\n");
  const std::string fits = Get("/", "A: " + std::string(100 - small.size(), 'x') + "\r\n");
  const std::string over = Get("/", "A: " + std::string(101 - small.size(), 'x') + "\r\n");
  EXPECT_THAT(ParseAll(fits, limits), ElementsAre("GET / keep"));
  EXPECT_THAT(ParseAll(over, limits), ElementsAre("error 431"));
  EXPECT_THAT(ParseAll(std::string(100, 'x'), limits), ElementsAre());
  EXPECT_THAT(ParseAll(std::string(101, 'x'), limits), ElementsAre("error 431"));
  // It is the head's limit, not that of what is fed at once.
  EXPECT_THAT(ParseAll(fits + fits, limits), ElementsAre("GET / keep", "GET / keep"));
}

TEST(RequestParser, HoldsTheLimitOfHeaders) {
  ParserLimits limits;
  limits.max_headers = 3;
  EXPECT_THAT(ParseAll(Get("/", "A: 1\r\nB: 2\r\n"), limits), ElementsAre("GET / keep"));
  EXPECT_THAT(ParseAll(Get("/", "A: 1\r\nB: 2\r\nC: 3\r\n"), limits), ElementsAre("error 431"));
}

TEST(RequestParser, HoldsTheLimitOfTheBody) {
  ParserLimits limits;
  limits.max_body_bytes = 3;
  EXPECT_THAT(ParseAll(Get("/", "Content-Length: 3\r\n") + "abc", limits),
              ElementsAre("GET / keep"));
  EXPECT_THAT(ParseAll(Get("/", "Content-Length: 4\r\n"), limits), ElementsAre("error 413"));
}

// However a stream of requests is cut, the same comes out.
TEST(RequestParser, AnyCutGivesTheSame) {
  const std::string streams[] = {
      Get("/a") + "\r\n" + Get("/b?q", "Connection: keep-alive\r\n") +
          "POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz" + Get("http://h/d"),
      Get("/a") + "GET / HTTP/2.0\r\n\r\n",
      Get("/a") + Get("/b", "Bad Name: x\r\n"),
  };
  for (const std::string& stream : streams) {
    const std::vector<std::string> whole = ParseAll(stream);
    for (size_t first = 0; first <= stream.size(); ++first) {
      Session session;
      session.Feed(std::string_view(stream).substr(0, first));
      session.Feed(std::string_view(stream).substr(first));
      EXPECT_EQ(session.log(), whole) << "cut at " << first;
    }
    Session bytes;
    for (const char& c : stream) bytes.Feed({&c, 1});
    EXPECT_EQ(bytes.log(), whole);
  }
}

// Mutated requests never crash it, and their cuts do not matter either.
TEST(RequestParser, SurvivesGarbage) {
  std::mt19937 random(20260101);
  const std::string seed =
      Get("/a?b", "Connection: close\r\nContent-Length: 2\r\n") + "xx" + Get("/b");
  constexpr std::string_view kSpice("\r\n\0 :/?,\t0H\xff", 12);
  ParserLimits limits;
  limits.max_head_bytes = 200;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = seed;
    for (int change = 0; change < 3; ++change) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = kSpice[random() % kSpice.size()];
          break;
        case 1:
          text.erase(at, 1 + random() % 4);
          break;
        default:
          text.insert(at, 1 + random() % 4, kSpice[random() % kSpice.size()]);
      }
      if (text.empty()) text = "x";
    }
    const size_t cut = random() % text.size();
    Session session(limits);
    session.Feed(std::string_view(text).substr(0, cut));
    session.Feed(std::string_view(text).substr(cut));
    ASSERT_EQ(session.log(), ParseAll(text, limits)) << text;
  }
}

}  // namespace
}  // namespace duet::http
