// The shared errors, byte for byte Redis' lines, and how a reply writer counts errors.
#include "server/api/error.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <string_view>

#include "server/api/reply_writer.h"

namespace duet {
namespace {

TEST(Errors, AreRedisLines) {
  EXPECT_EQ(SyntaxError().text, "ERR syntax error");
  EXPECT_EQ(NotAnInteger().text, "ERR value is not an integer or out of range");
  EXPECT_EQ(NotAFloat().text, "ERR value is not a valid float");
  EXPECT_EQ(WrongType().text, "WRONGTYPE Operation against a key holding the wrong kind of value");
  EXPECT_EQ(NoSuchKey().text, "ERR no such key");
  EXPECT_EQ(WrongArity("client|id").text, "ERR wrong number of arguments for 'client|id' command");
  EXPECT_EQ(InvalidExpireTime("set").text, "ERR invalid expire time in 'set' command");
}

TEST(Errors, CarryTheirCode) {
  EXPECT_EQ(SyntaxError().code, ErrorCode::kSyntax);
  EXPECT_EQ(WrongType().code, ErrorCode::kWrongType);
  EXPECT_EQ(NoSuchKey().code, ErrorCode::kNotFound);
  EXPECT_EQ(NotAnInteger().code, ErrorCode::kOutOfRange);
}

TEST(Errors, AreCountedByTheirFirstWord) {
  for (int i = 0; i < kErrorWordCount; ++i) {
    const auto word = static_cast<ErrorWord>(i);
    EXPECT_EQ(ErrorWordOf(std::string(ErrorWordText(word)) + " text"), word);
  }
  EXPECT_EQ(ErrorWordOf("OOM"), ErrorWord::kOom);
  EXPECT_EQ(ErrorWordOf("BUSYKEY Target"), ErrorWord::kBusyKey);
  EXPECT_EQ(ErrorWordOf("unknown word"), ErrorWord::kErr);
  EXPECT_EQ(ErrorWordOf(""), ErrorWord::kErr);
}

// Keeps the last bulk string and error.
class LastReply final : public ReplyWriter {
 public:
  void SimpleString(std::string_view) override {}
  void Integer(int64_t) override {}
  void Bulk(std::string_view bytes) override { bulk = bytes; }
  void Null() override {}
  void Double(double) override {}
  void Boolean(bool) override {}
  void BigNumber(std::string_view) override {}
  void Verbatim(std::string_view, std::string_view) override {}
  void Array(size_t) override {}
  void Map(size_t) override {}
  void Set(size_t) override {}
  void Push(size_t) override {}
  void NullArray() override {}

  std::string bulk;
  std::string error;

 private:
  void WriteError(const duet::Error& written) override { error = written.text; }
};

TEST(ReplyWriter, CountsErrors) {
  LastReply reply;
  EXPECT_EQ(reply.errors(), 0);
  reply.Ok();
  EXPECT_EQ(reply.errors(), 0);
  reply.Error(NoSuchKey());
  reply.Error(WrongType());
  EXPECT_EQ(reply.errors(), 2);
  EXPECT_EQ(reply.last_error(), ErrorCode::kWrongType);
  EXPECT_EQ(reply.last_error_word(), ErrorWord::kWrongType);
  EXPECT_EQ(reply.error, WrongType().text);
}

TEST(ReplyWriter, BulkIntegerWritesTheDigits) {
  LastReply reply;
  for (const int64_t value : {int64_t{0}, int64_t{-7}, std::numeric_limits<int64_t>::min(),
                              std::numeric_limits<int64_t>::max()}) {
    reply.BulkInteger(value);
    EXPECT_EQ(reply.bulk, std::to_string(value));
  }
}

}  // namespace
}  // namespace duet
