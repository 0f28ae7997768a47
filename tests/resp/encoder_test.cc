#include "server/resp/encoder.h"

#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <string>

#include "server/resp/parser.h"

namespace duet::resp {
namespace {

std::string Encode(int version, const std::function<void(RespWriter&)>& write) {
  const Relaxed<int> protocol(version);
  OutputBuffer out;
  RespWriter writer(out, &protocol);
  write(writer);
  return std::string(out.view());
}

struct Case {
  std::function<void(RespWriter&)> write;
  std::string resp2;
  std::string resp3;
};

TEST(RespWriter, BytesOfEachType) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Case cases[] = {
      {[](RespWriter& w) { w.Ok(); }, "+OK\r\n", "+OK\r\n"},
      {[](RespWriter& w) { w.SimpleString(""); }, "+\r\n", "+\r\n"},
      {[](RespWriter& w) { w.SimpleString("a\r\n:1\rb"); }, "+a  :1 b\r\n", "+a  :1 b\r\n"},
      {[](RespWriter& w) {
         w.Error({ErrorCode::kSyntax, "ERR a\nb\r"});
       },
       "-ERR a b \r\n", "-ERR a b \r\n"},
      {[](RespWriter& w) { w.Integer(0); }, ":0\r\n", ":0\r\n"},
      {[](RespWriter& w) { w.Integer(-7); }, ":-7\r\n", ":-7\r\n"},
      {[](RespWriter& w) { w.Integer(std::numeric_limits<int64_t>::min()); },
       ":-9223372036854775808\r\n", ":-9223372036854775808\r\n"},
      {[](RespWriter& w) { w.Integer(std::numeric_limits<int64_t>::max()); },
       ":9223372036854775807\r\n", ":9223372036854775807\r\n"},
      {[](RespWriter& w) { w.Bulk(""); }, "$0\r\n\r\n", "$0\r\n\r\n"},
      {[](RespWriter& w) { w.Bulk("a\r\nb"); }, "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n"},
      {[](RespWriter& w) { w.BulkInteger(-120); }, "$4\r\n-120\r\n", "$4\r\n-120\r\n"},
      {[](RespWriter& w) { w.Null(); }, "$-1\r\n", "_\r\n"},
      {[](RespWriter& w) { w.NullArray(); }, "*-1\r\n", "_\r\n"},
      {[](RespWriter& w) { w.Double(3.25); }, "$4\r\n3.25\r\n", ",3.25\r\n"},
      {[](RespWriter& w) { w.Double(kInfinity); }, "$3\r\ninf\r\n", ",inf\r\n"},
      {[](RespWriter& w) { w.Double(-kInfinity); }, "$4\r\n-inf\r\n", ",-inf\r\n"},
      {[](RespWriter& w) { w.Double(std::nan("")); }, "$3\r\nnan\r\n", ",nan\r\n"},
      {[](RespWriter& w) { w.Boolean(true); }, ":1\r\n", "#t\r\n"},
      {[](RespWriter& w) { w.Boolean(false); }, ":0\r\n", "#f\r\n"},
      {[](RespWriter& w) { w.BigNumber("123"); }, "$3\r\n123\r\n", "(123\r\n"},
      {[](RespWriter& w) { w.Verbatim("txt", "a\nb"); }, "$3\r\na\nb\r\n", "=7\r\ntxt:a\nb\r\n"},
      {[](RespWriter& w) { w.Array(0); }, "*0\r\n", "*0\r\n"},
      {[](RespWriter& w) { w.Array(1'000'000); }, "*1000000\r\n", "*1000000\r\n"},
      {[](RespWriter& w) { w.Map(50); }, "*100\r\n", "%50\r\n"},
      {[](RespWriter& w) { w.Set(12); }, "*12\r\n", "~12\r\n"},
      {[](RespWriter& w) { w.Push(3); }, "*3\r\n", ">3\r\n"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Encode(2, c.write), c.resp2);
    EXPECT_EQ(Encode(3, c.write), c.resp3);
  }
}

TEST(RespWriter, BulkHeadersOfEachWidth) {
  for (size_t size : {1u, 9u, 10u, 11u, 99u, 100u, 999u, 1000u, 65536u, 1234567u}) {
    const std::string value(size, 'x');
    EXPECT_EQ(Encode(2, [&](RespWriter& w) { w.Bulk(value); }),
              "$" + std::to_string(size) + "\r\n" + value + "\r\n");
  }
}

TEST(RespWriter, TheProtocolMayChangeBetweenReplies) {
  OutputBuffer out;
  Relaxed<int> protocol{2};
  RespWriter writer(out, &protocol);
  writer.Null();
  protocol = 3;
  writer.Null();
  protocol = 2;
  writer.Null();
  EXPECT_EQ(out.view(), "$-1\r\n_\r\n$-1\r\n");
}

TEST(RespWriter, CountsErrors) {
  OutputBuffer out;
  const Relaxed<int> protocol{2};
  RespWriter writer(out, &protocol);
  writer.Ok();
  EXPECT_EQ(writer.errors(), 0u);
  writer.Error({ErrorCode::kGeneric, "ERR x"});
  EXPECT_EQ(writer.errors(), 1u);
}

TEST(OutputBuffer, KeepsUsualMemoryAndGivesHugeBack) {
  OutputBuffer out;
  out.Append(std::string(10'000, 'x'));
  const size_t capacity = out.capacity();
  EXPECT_GE(capacity, 10'000u);
  out.Clear();
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(out.capacity(), capacity);
  out.Append(std::string(OutputBuffer::kKeptBytes + 1, 'x'));
  out.Clear();
  EXPECT_EQ(out.capacity(), 0u);
  out.Append("again");
  EXPECT_EQ(out.view(), "again");
}

TEST(OutputBuffer, DropsWhatGoesBeyondItsLimit) {
  OutputBuffer out;
  out.set_limit(100'000);
  const std::string piece(1000, 'x');
  for (int i = 0; i < 100; ++i) out.Append(piece);
  EXPECT_FALSE(out.overflowed());
  EXPECT_EQ(out.size(), 100'000u);
  for (int i = 0; i < 1'000'000; ++i) out.Append(piece);
  EXPECT_TRUE(out.overflowed());
  EXPECT_LE(out.capacity(), 100'000u);
  out.Append(std::string(300'000, 'y'));
  EXPECT_TRUE(out.overflowed());
  out.Clear();
  EXPECT_FALSE(out.overflowed());
  out.set_limit(400'000);
  out.Append("again");
  EXPECT_EQ(out.view(), "again");
}

TEST(OutputBuffer, AnEmptyBufferHasItsLimitToo) {
  OutputBuffer out;
  out.set_limit(4000);
  out.Append(std::string(4001, 'x'));
  EXPECT_TRUE(out.overflowed());
}

TEST(OutputBuffer, Moves) {
  OutputBuffer first;
  first.Append("abc");
  OutputBuffer second(std::move(first));
  EXPECT_EQ(second.view(), "abc");
  OutputBuffer third;
  third = std::move(second);
  EXPECT_EQ(third.view(), "abc");
}

TEST(AppendCommand, IsWhatTheRequestParserReads) {
  OutputBuffer out;
  const std::string_view words[] = {"SET", "", std::string_view("\0\r\n", 3)};
  AppendCommand(words, out);
  const Limits limits;
  RequestParser parser(limits);
  CommandBatch batch;
  EXPECT_EQ(parser.Parse(out.view(), batch, 1).consumed, out.size());
  ASSERT_EQ(batch.size(), 1u);
  EXPECT_TRUE(std::equal(batch[0].begin(), batch[0].end(), std::begin(words), std::end(words)));
}

}  // namespace
}  // namespace duet::resp
