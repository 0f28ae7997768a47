#include "server/resp/reply_parser.h"

#include <gtest/gtest.h>
#include <string>

#include "server/resp/encoder.h"
#include "tests/resp/heap_copy.h"

namespace duet::resp {
namespace {

// All replies of a stream that comes in pieces of `step` bytes, and the error that ended it.
struct Replies {
  std::vector<Value> values;
  std::string error;
  bool operator==(const Replies&) const = default;
};

Replies ReadAll(std::string_view bytes, size_t step, ReplyLimits limits = ReplyLimits()) {
  ReplyParser parser(limits);
  Replies replies;
  std::string rest;
  while (!bytes.empty()) {
    rest.append(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    for (;;) {
      const HeapCopy input(rest);
      Value value;
      const ReplyResult result = parser.Parse(input.view(), &value);
      rest.erase(0, result.consumed);
      if (result.status == ReplyStatus::kProtocolError) {
        replies.error = parser.error();
        return replies;
      }
      if (result.status == ReplyStatus::kNeedMore) break;
      replies.values.push_back(std::move(value));
    }
  }
  return replies;
}

Value One(std::string_view bytes) {
  const Replies replies = ReadAll(bytes, bytes.size());
  EXPECT_EQ(replies.error, "") << bytes;
  EXPECT_EQ(replies.values.size(), 1u) << bytes;
  return replies.values.empty() ? Value() : replies.values[0];
}

void WriteOneOfEach(RespWriter& w) {
  w.Array(14);
  w.Ok();
  w.Error({ErrorCode::kGeneric, "ERR no"});
  w.Integer(-5);
  w.Bulk(std::string_view("\r\n\0", 3));
  w.Bulk("");
  w.Null();
  w.NullArray();
  w.Double(0.1);
  w.Boolean(true);
  w.BigNumber("-123456789012345678901234567890");
  w.Verbatim("mkd", "# a");
  w.Map(1);
  w.Bulk("k");
  w.Array(0);
  w.Set(2);
  w.Integer(1);
  w.Integer(2);
  w.Push(1);
  w.Bulk("x");
}

TEST(ReplyParser, RoundTripResp3) {
  OutputBuffer out;
  const Relaxed<int> protocol{3};
  RespWriter writer(out, &protocol);
  WriteOneOfEach(writer);
  const Value value = One(out.view());
  ASSERT_EQ(value.items.size(), 14u);
  const auto& items = value.items;
  EXPECT_EQ(items[0].text, "OK");
  EXPECT_TRUE(items[1].is_error());
  EXPECT_EQ(items[1].text, "ERR no");
  EXPECT_EQ(items[2].integer, -5);
  EXPECT_EQ(items[3].text, std::string_view("\r\n\0", 3));
  EXPECT_EQ(items[4].type, Value::Type::kBulk);
  EXPECT_EQ(items[5].type, Value::Type::kNull);
  EXPECT_EQ(items[6].type, Value::Type::kNull);
  EXPECT_EQ(items[7].number, 0.1);
  EXPECT_EQ(items[8].type, Value::Type::kBoolean);
  EXPECT_EQ(items[8].integer, 1);
  EXPECT_EQ(items[9].text, "-123456789012345678901234567890");
  EXPECT_EQ(items[10].format, "mkd");
  EXPECT_EQ(items[10].text, "# a");
  EXPECT_EQ(items[11].type, Value::Type::kMap);
  ASSERT_EQ(items[11].items.size(), 2u);
  EXPECT_EQ(items[12].type, Value::Type::kSet);
  EXPECT_EQ(items[13].type, Value::Type::kPush);
}

TEST(ReplyParser, RoundTripResp2) {
  OutputBuffer out;
  const Relaxed<int> protocol{2};
  RespWriter writer(out, &protocol);
  WriteOneOfEach(writer);
  const Value value = One(out.view());
  ASSERT_EQ(value.items.size(), 14u);
  EXPECT_EQ(value.items[6].type, Value::Type::kNullArray);
  EXPECT_EQ(value.items[7].text, "0.1");
  EXPECT_EQ(value.items[8].integer, 1);
  EXPECT_EQ(value.items[11].type, Value::Type::kArray);
}

TEST(ReplyParser, AnyCutGivesTheSame) {
  for (const int version : {2, 3}) {
    const Relaxed<int> protocol(version);
    OutputBuffer out;
    RespWriter writer(out, &protocol);
    WriteOneOfEach(writer);
    writer.Bulk(std::string(100, 'b'));
    writer.Ok();
    const Replies whole = ReadAll(out.view(), out.size());
    EXPECT_EQ(whole.values.size(), 3u);
    for (size_t step = 1; step < 40; ++step) EXPECT_EQ(ReadAll(out.view(), step), whole) << step;
  }
}

TEST(ReplyParser, BulkErrorsAndAttributes) {
  EXPECT_EQ(One("!5\r\nERR x\r\n").text, "ERR x");
  EXPECT_EQ(One("|1\r\n+ttl\r\n:10\r\n+OK\r\n").text, "OK");
  const Value array = One("*2\r\n:1\r\n|1\r\n+a\r\n*1\r\n:3\r\n:2\r\n");
  ASSERT_EQ(array.items.size(), 2u);
  EXPECT_EQ(array.items[1].integer, 2);
  EXPECT_EQ(One("|0\r\n:4\r\n").integer, 4);
}

TEST(ReplyParser, Malformed) {
  const std::string cases[] = {"x\r\n",
                               "\r\n",
                               "\n",
                               ":\r\n",
                               ":1a\r\n",
                               ":+1\r\n",
                               "$-2\r\n",
                               "$01\r\n",
                               "$1\r\nab\r\n",
                               "$1\r\na\rb",
                               "*-2\r\n",
                               "*x\r\n",
                               "%-1\r\n",
                               "~-1\r\n",
                               "#x\r\n",
                               ",\r\n",
                               ",1x\r\n",
                               "(1a\r\n",
                               "(\r\n",
                               "_x\r\n",
                               "=3\r\nabc\r\n",
                               "=5\r\nabcde\r\n",
                               "$?\r\n",
                               "+a\n",
                               "+a\rb\r\n",
                               "$-1\n",
                               "*18446744073709551615\r\n",
                               "$18446744073709551615\r\n",
                               "%9223372036854775808\r\n",
                               "!-1\r\n",
                               ":9223372036854775808\r\n"};
  for (const std::string& bytes : cases) {
    const Replies replies = ReadAll("+OK\r\n" + bytes + "+OK\r\n", 1'000);
    EXPECT_NE(replies.error, "") << bytes;
    EXPECT_EQ(replies.values.size(), 1u) << bytes;
    EXPECT_EQ(ReadAll("+OK\r\n" + bytes + "+OK\r\n", 1), replies) << bytes;
  }
}

TEST(ReplyParser, LimitsAtNAndOneMore) {
  ReplyLimits limits;
  limits.max_line_bytes = 5;
  limits.max_bulk_bytes = 6;
  limits.max_elements = 7;
  limits.max_depth = 3;
  const struct {
    std::string fits;
    std::string too_much;
  } cases[] = {
      {"+1234\r\n", "+12345\r\n"},
      {"$6\r\n123456\r\n", "$7\r\n1234567\r\n"},
      {"*7\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n", "*8\r\n"},
      {"*1\r\n%3\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n", "*1\r\n*7\r\n"},
      {"*1\r\n*1\r\n*1\r\n:1\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ReadAll(c.fits, 3, limits).error, "") << c.fits;
    EXPECT_EQ(ReadAll(c.fits, 3, limits).values.size(), 1u) << c.fits;
    EXPECT_NE(ReadAll(c.too_much, 3, limits).error, "") << c.too_much;
  }
}

TEST(ReplyParser, ElementsCountPerReply) {
  ReplyLimits limits;
  limits.max_elements = 2;
  const std::string two = "*2\r\n:1\r\n:2\r\n";
  EXPECT_EQ(ReadAll(two + two + two, 100, limits).values.size(), 3u);
}

}  // namespace
}  // namespace duet::resp
