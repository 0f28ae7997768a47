#include "server/resp/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/resp/request_feed.h"

namespace duet::resp {
namespace {

using ::testing::ElementsAre;
using namespace std::string_literals;  // NOLINT: "..."s keeps NUL bytes

const Limits kSmall = [] {
  Limits limits;
  limits.max_args = 20;
  limits.max_bulk_bytes = 100;
  limits.max_inline_bytes = 30;
  limits.max_request_bytes = 300;
  limits.max_args_unauthenticated = 3;
  limits.max_bulk_bytes_unauthenticated = 10;
  return limits;
}();

std::string ErrorOf(std::string_view bytes, const Limits& limits = Limits(),
                    bool authenticated = true) {
  return ParseWhole(bytes, limits, authenticated).error;
}

std::string Repeat(std::string_view piece, size_t times) {
  std::string out;
  out.reserve(piece.size() * times);
  for (size_t i = 0; i < times; ++i) out.append(piece);
  return out;
}

TEST(RequestParser, CommandsOfOneBatch) {
  const Parsed parsed = ParseWhole(
      "*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
  EXPECT_THAT(parsed.commands,
              ElementsAre(Command{"PING"}, Command{"SET", "k", ""}, Command{"GET", "k"}));
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.rest, "");
}

TEST(RequestParser, ArgumentsAreViewsIntoTheInput) {
  const std::string input = "*1\r\n$4\r\nPING\r\nECHO word\r\n";
  const Limits limits;
  RequestParser parser(limits);
  CommandBatch batch;
  const ParseResult result = parser.Parse(input, batch, 10);
  EXPECT_EQ(result.consumed, input.size());
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch[0][0].data(), input.data() + 8);
  EXPECT_EQ(batch[1][1].data(), input.data() + 19);
}

TEST(RequestParser, BinaryArguments) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  const Parsed parsed = ParseWhole("*2\r\n$256\r\n" + all + "\r\n$4\r\n\r\n\r\n\r\n");
  EXPECT_THAT(parsed.commands, ElementsAre(Command{all, "\r\n\r\n"}));
}

TEST(RequestParser, EmptyArraysAndLinesAreSkipped) {
  const Parsed parsed =
      ParseWhole("*0\r\n\r\n\n*-1\r\n   \r\n*-9223372036854775808\r\nPING\r\n*0\r\n");
  EXPECT_THAT(parsed.commands, ElementsAre(Command{"PING"}));
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed.rest, "");
}

TEST(RequestParser, StopsAtMaxCommands) {
  const std::string ping = "*1\r\n$4\r\nPING\r\n";
  const std::string input = ping + "\r\n" + ping + ping;
  const Limits limits;
  RequestParser parser(limits);
  CommandBatch batch;
  const ParseResult first = parser.Parse(input, batch, 2);
  EXPECT_EQ(first.status, ParseStatus::kOk);
  EXPECT_EQ(first.consumed, 2 * ping.size() + 2);
  EXPECT_EQ(batch.size(), 2u);
  const ParseResult second = parser.Parse(std::string_view(input).substr(first.consumed), batch, 2);
  EXPECT_EQ(second.consumed, ping.size());
  EXPECT_EQ(batch.size(), 3u);
}

TEST(RequestParser, InlineWords) {
  const struct {
    std::string line;
    Command words;
  } cases[] = {
      {"PING\n", {"PING"}},
      {"  set\tk  v \r\n", {"set", "k", "v"}},
      {"a\"b\"\r\n", {"ab"}},
      {"\"\" ''\r\n", {"", ""}},
      {"set k \"a b\\n\\x41\\\\\\\"\\q\"\r\n", {"set", "k", "a b\nA\\\"q"}},
      {"set k 'a \\' \\n \"'\r\n", {"set", "k", "a ' \\n \""}},
      {"a\\n \\\"b\"\r\n", {"a\\n", "\\b"}},
      {"x \"\\xZZ\\x4\"\r\n", {"x", "xZZx4"}},
      {"\v\fa\vb\r\n", {"a\vb"}},
      {"a\rb\r\r\n", {"a", "b"}},
      {"a\0b c\n"s, {"a\0b"s, "c"}},
      {"+PING $1 :2\r\n", {"+PING", "$1", ":2"}},
  };
  for (const auto& c : cases) {
    const Parsed parsed = ParseWhole(c.line);
    EXPECT_THAT(parsed.commands, ElementsAre(c.words)) << c.line;
    EXPECT_EQ(parsed.error, "") << c.line;
  }
}

TEST(RequestParser, UnquotedWordsLiveAsLongAsTheBatch) {
  const Limits limits;
  RequestParser parser(limits);
  CommandBatch batch;
  for (int i = 0; i < 3; ++i) {
    const HeapCopy input("\"one two\" x\n");
    ASSERT_EQ(parser.Parse(input.view(), batch, 1).status, ParseStatus::kOk);
  }
  ASSERT_EQ(batch.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(batch[i][0], "one two");
}

TEST(RequestParser, MalformedFrames) {
  const struct {
    std::string bytes;
    std::string error;
  } cases[] = {
      {"*x\r\n", "invalid multibulk length"},
      {"*\r\n", "invalid multibulk length"},
      {"*+1\r\n", "invalid multibulk length"},
      {"* 1\r\n", "invalid multibulk length"},
      {"*1 \r\n", "invalid multibulk length"},
      {"*01\r\n", "invalid multibulk length"},
      {"*-0\r\n", "invalid multibulk length"},
      {"*1048577\r\n", "invalid multibulk length"},
      {"*2147483648\r\n", "invalid multibulk length"},
      {"*9223372036854775808\r\n", "invalid multibulk length"},
      {"*99999999999999999999999\r\n", "invalid multibulk length"},
      {"*1\rX$4\r\nPING\r\n", "invalid multibulk length"},
      {"*1\r\n*1\r\n", "expected '$', got '*'"},
      {"*1\r\n:1\r\n", "expected '$', got ':'"},
      {"*1\r\nPING\r\n", "expected '$', got 'P'"},
      {"*1\r\n\r\n", "expected '$', got ' '"},
      {"*1\r\n\xff\r\n", "expected '$', got '\xff'"},
      {"*1\r\n$\r\n", "invalid bulk length"},
      {"*1\r\n$-1\r\n", "invalid bulk length"},
      {"*1\r\n$+4\r\nPING\r\n", "invalid bulk length"},
      {"*1\r\n$ 4\r\nPING\r\n", "invalid bulk length"},
      {"*1\r\n$4 \r\nPING\r\n", "invalid bulk length"},
      {"*1\r\n$04\r\nPING\r\n", "invalid bulk length"},
      {"*1\r\n$0x4\r\nPING\r\n", "invalid bulk length"},
      {"*1\r\n$536870913\r\n", "invalid bulk length"},
      {"*1\r\n$4294967300\r\n", "invalid bulk length"},
      {"*1\r\n$18446744073709551620\r\n", "invalid bulk length"},
      {"*1\r\n$9223372036854775807\r\n", "invalid bulk length"},
      {"*1\r\n$999999999999999999999999\r\n", "invalid bulk length"},
      {"*1\r\n$4\rXPING\r\n", "invalid bulk length"},
      {"*1\r\n$4\r\nPINGXX", "invalid bulk length"},
      {"*1\r\n$4\r\nPING\rX", "invalid bulk length"},
      {"*1\r\n$3\r\nPING\r\n", "invalid bulk length"},
      {"set \"k v\r\n", "unbalanced quotes in request"},
      {"set 'k v\r\n", "unbalanced quotes in request"},
      {"set \"k\"v\r\n", "unbalanced quotes in request"},
      {"set 'k'v\r\n", "unbalanced quotes in request"},
      {"set \"k\\\r\n", "unbalanced quotes in request"},
      {"set \"k\\\"\r\n", "unbalanced quotes in request"},
      {std::string(65537, 'a'), "too big inline request"},
      {"*" + std::string(65536, '1'), "too big mbulk count string"},
      {"*1\r\n$" + std::string(65536, '1'), "too big bulk count string"},
  };
  for (const auto& c : cases) {
    const Parsed parsed = ParseWhole("PING\r\n" + c.bytes + "PING\r\n");
    EXPECT_EQ(parsed.error, "ERR Protocol error: " + c.error) << c.bytes.substr(0, 50);
    EXPECT_THAT(parsed.commands, ElementsAre(Command{"PING"})) << c.bytes.substr(0, 50);
  }
}

// What a web page can make a browser send; the list is that of redis-server 7.0.
TEST(RequestParser, HttpIsAnErrorOfItsOwn) {
  const Limits limits;
  for (const std::string http :
       {"POST / HTTP/1.1\r\n", "post\n", "\"POST\" x\r\n", "Host: localhost\r\n", "HOST:\r\n",
        "*1\r\n$4\r\nPOST\r\n", "*2\r\n$5\r\nhost:\r\n$1\r\na\r\n"}) {
    for (const size_t max_commands : {1, 64}) {
      RequestFeed feed(limits);
      for (const char byte : "PING\r\n" + http + "PING\r\n") {
        feed.Feed(std::string_view(&byte, 1), max_commands);
      }
      EXPECT_EQ(feed.out().error, "ERR Protocol error: POST or Host: in the place of a command");
      EXPECT_THAT(feed.out().commands, ElementsAre(Command{"PING"})) << http;
    }
    RequestParser parser(limits);
    CommandBatch batch;
    EXPECT_EQ(parser.Parse(http, batch, 9).status, ParseStatus::kProtocolError);
    EXPECT_TRUE(parser.is_http()) << http;
    EXPECT_TRUE(batch.empty());
    parser.Reset();
    EXPECT_EQ(parser.Parse("*x\r\n", batch, 9).status, ParseStatus::kProtocolError);
    EXPECT_FALSE(parser.is_http());
  }
  for (const std::string other :
       {"HOST", "POSTS", "POS", "host", "hosts", "PING", "p\xefst", "0OST"}) {
    EXPECT_THAT(ParseWhole(other + "\r\n").commands, ElementsAre(Command{other}));
  }
}

TEST(RequestParser, ErrorIsFinalUntilReset) {
  const Limits limits;
  RequestParser parser(limits);
  CommandBatch batch;
  EXPECT_EQ(parser.Parse("*x\r\n", batch, 9).status, ParseStatus::kProtocolError);
  EXPECT_EQ(parser.Parse("*x\r\nPING\r\n", batch, 9).status, ParseStatus::kProtocolError);
  EXPECT_TRUE(batch.empty());
  parser.Reset();
  EXPECT_EQ(parser.Parse("PING\r\n", batch, 9).status, ParseStatus::kOk);
  EXPECT_EQ(batch.size(), 1u);
}

TEST(RequestParser, CutAtEveryByte) {
  const std::string frames[] = {
      "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$12\r\n123456789012\r\n",
      "*2\r\n$0\r\n\r\n$2\r\n\r\n\r\n*0\r\n*-1\r\n",
      "PING\r\n\r\nset k \"a \\x41\"\n",
      "*1\r\n$4\r\nPING\r\n*1\r\n:4\r\nPING\r\n",
      "*1\r\n$4\r\nPINGxx",
      "*2\r\n$3\r\nGET\r\n$-1\r\n",
      "*1\rx",
      "get 'x\r\n",
      std::string(31, 'i'),
      "*1\r\n$" + std::string(40, '1') + "\r\n",
      "*2\r\n$100\r\n" + std::string(100, 'v') + "\r\n$101\r\n",
      Repeat("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n", 5),
  };
  for (const std::string& frame : frames) {
    const Parsed whole = ParseWhole(frame, kSmall);
    for (size_t cut = 0; cut <= frame.size(); ++cut) {
      RequestFeed feed(kSmall);
      feed.Feed(std::string_view(frame).substr(0, cut));
      feed.Feed(std::string_view(frame).substr(cut));
      EXPECT_EQ(feed.out().commands, whole.commands) << frame << " cut at " << cut;
      EXPECT_EQ(feed.out().error, whole.error) << frame << " cut at " << cut;
      EXPECT_TRUE(!whole.error.empty() || feed.out().rest == whole.rest) << frame << " at " << cut;
    }
    RequestFeed steps(kSmall);
    for (const char byte : frame) steps.Feed(std::string_view(&byte, 1));
    EXPECT_EQ(steps.out().commands, whole.commands) << frame;
    EXPECT_EQ(steps.out().error, whole.error) << frame;
  }
}

TEST(RequestParser, SaysHowMuchOfABulkIsMissing) {
  const Parsed parsed = ParseWhole("*2\r\n$3\r\nSET\r\n$1000000\r\nabc");
  EXPECT_EQ(parsed.need_bytes, 1'000'000u + 2 - 3);
  EXPECT_EQ(ParseWhole("*2\r\n$3").need_bytes, 1u);
  EXPECT_EQ(ParseWhole("").need_bytes, 0u);
  EXPECT_EQ(ParseWhole("PING\r\n").need_bytes, 0u);
}

TEST(RequestParser, Limits) {
  const std::string arg = "$1\r\na\r\n";
  EXPECT_EQ(ErrorOf("*20\r\n" + Repeat(arg, 20), kSmall), "");
  EXPECT_EQ(ErrorOf("*21\r\n", kSmall), "ERR Protocol error: invalid multibulk length");
  EXPECT_EQ(ErrorOf("*1\r\n$100\r\n", kSmall), "");
  EXPECT_EQ(ErrorOf("*1\r\n$101\r\n", kSmall), "ERR Protocol error: invalid bulk length");
  // The line's end is byte number max_inline_bytes + 1 at the latest.
  EXPECT_THAT(ParseWhole(std::string(30, 'a') + "\n", kSmall).commands,
              ElementsAre(Command{std::string(30, 'a')}));
  EXPECT_EQ(ErrorOf(std::string(30, 'a'), kSmall), "");
  EXPECT_EQ(ErrorOf(std::string(31, 'a'), kSmall), "ERR Protocol error: too big inline request");
  EXPECT_EQ(ErrorOf(std::string(31, 'a') + "\n", kSmall),
            "ERR Protocol error: too big inline request");
  // 4 + 3 x (5 + 90 + 2) = 295 bytes, and a last bulk that fits exactly or not.
  const std::string three = "*4\r\n" + Repeat("$90\r\n" + std::string(90, 'v') + "\r\n", 3);
  ASSERT_EQ(three.size(), 295u);
  Limits exact = kSmall;
  exact.max_request_bytes = 295 + 7;
  EXPECT_EQ(ParseWhole(three + arg, exact).commands.size(), 1u);
  exact.max_request_bytes = 295 + 6;
  EXPECT_EQ(ErrorOf(three + arg, exact), "ERR Protocol error: too big request");
}

TEST(RequestParser, InlineWordsCountAsArguments) {
  Limits limits;
  limits.max_args = 3;
  EXPECT_EQ(ParseWhole("a b c\n", limits).commands.size(), 1u);
  EXPECT_EQ(ErrorOf("a b c d\n", limits), "ERR Protocol error: too big inline request");
}

TEST(RequestParser, LowerLimitsBeforeAuthentication) {
  const std::string arg = "$1\r\na\r\n";
  EXPECT_EQ(ParseWhole("*3\r\n" + Repeat(arg, 3), kSmall, false).commands.size(), 1u);
  EXPECT_EQ(ErrorOf("*4\r\n", kSmall, false),
            "ERR Protocol error: unauthenticated multibulk length");
  EXPECT_EQ(ErrorOf("*21\r\n", kSmall, false), "ERR Protocol error: invalid multibulk length");
  EXPECT_EQ(ErrorOf("*1\r\n$10\r\n", kSmall, false), "");
  EXPECT_EQ(ErrorOf("*1\r\n$11\r\n", kSmall, false),
            "ERR Protocol error: unauthenticated bulk length");
  EXPECT_EQ(ErrorOf("*1\r\n$101\r\n", kSmall, false), "ERR Protocol error: invalid bulk length");
}

TEST(RequestParser, AuthenticationChangesTheLimitsOfAPartialCommand) {
  RequestParser parser(kSmall);
  CommandBatch batch;
  const std::string four = "*4\r\n" + Repeat("$1\r\na\r\n", 4);
  const std::string_view part = std::string_view(four).substr(0, 15);
  EXPECT_EQ(parser.Parse(part, batch, 1).status, ParseStatus::kNeedMore);
  parser.set_authenticated(false);
  EXPECT_EQ(parser.Parse(four, batch, 1).status, ParseStatus::kProtocolError);
  EXPECT_EQ(parser.error(), "ERR Protocol error: unauthenticated multibulk length");
}

// A million empty arguments, and one huge bulk, that trickle in: quadratic work would take minutes.
TEST(RequestParser, PartialCommandsAreNotReadFromTheStartAgain) {
  const Limits limits;
  const std::string commands[] = {
      "*1000000\r\n" + Repeat("$0\r\n\r\n", 1'000'000),
      "*2\r\n$3\r\nGET\r\n$8000000\r\n" + std::string(8'000'000, '\r') + "\r\n",
  };
  for (const std::string& command : commands) {
    RequestParser parser(limits);
    CommandBatch batch;
    for (size_t size = 1; size < command.size(); size += 7) {
      const ParseResult result = parser.Parse(std::string_view(command).substr(0, size), batch, 10);
      ASSERT_EQ(result.status, ParseStatus::kNeedMore) << parser.error();
      ASSERT_EQ(result.consumed, 0u);
      ASSERT_TRUE(batch.empty());
    }
    ASSERT_EQ(parser.Parse(command, batch, 10).consumed, command.size());
    EXPECT_EQ(batch.size(), 1u);
  }
}

TEST(PeekFirstArgument, IsWhatFollowsTheNameAndOnlyIfItIsThereWhole) {
  const std::string get = "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000042\r\n";
  EXPECT_EQ(PeekFirstArgument(get), "key:000000000042");
  EXPECT_EQ(PeekFirstArgument(get + "*1\r\n$4\r\nPING\r\n"), "key:000000000042");
  EXPECT_EQ(PeekFirstArgument("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000\r\nnot here yet"), "k");
  for (size_t size = 0; size < get.size(); ++size) {
    EXPECT_EQ(PeekFirstArgument(HeapCopy(std::string_view(get).substr(0, size)).view()), "");
  }
  for (const char* other : {"PING\r\n", "*1\r\n$4\r\nPING\r\n", "*-1\r\n", "*2\r\n:1\r\n:2\r\n",
                            "*2\r\n$-1\r\n$1\r\nk\r\n", "*2\r\n$3\r\nGET$1\r\nk\r\n",
                            "*2\r\n$3\r\nGET\r\n$999999999999999999999\r\nk\r\n"}) {
    EXPECT_EQ(PeekFirstArgument(other), "") << other;
  }
}

TEST(RequestParser, AnUnfinishedCommandLeavesNothingInTheBatch) {
  const Limits limits;
  RequestParser parser(limits);
  CommandBatch batch;
  const std::string input = "PING\r\n*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\n";
  EXPECT_EQ(parser.Parse(input, batch, 10).status, ParseStatus::kNeedMore);
  EXPECT_EQ(batch.size(), 1u);
  EXPECT_EQ(batch.unfinished_args(), 0u);
}

}  // namespace
}  // namespace duet::resp
