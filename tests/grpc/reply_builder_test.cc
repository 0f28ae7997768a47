#include "server/grpc/reply_builder.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <limits>
#include <string>

#include "google/protobuf/text_format.h"

namespace duet::rpc {
namespace {

class ReplyBuilderTest : public ::testing::Test {
 protected:
  ReplyBuilderTest() { reply_.Start(response_.mutable_values(), 2000); }

  // The replies so far, as protobuf's short text.
  std::string Text() {
    std::string text;
    google::protobuf::TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    printer.PrintToString(response_, &text);
    if (!text.empty()) text.pop_back();
    return text;
  }

  v1::RespArray response_;  // any message with a list of values
  ReplyBuilder reply_;
};

TEST_F(ReplyBuilderTest, WritesEveryScalar) {
  reply_.Ok();
  reply_.Integer(-7);
  reply_.Bulk(std::string_view("a\0b", 3));
  reply_.Bulk("");
  reply_.BulkInteger(std::numeric_limits<int64_t>::min());
  reply_.Null();
  reply_.NullArray();
  reply_.Double(1.5);
  reply_.Boolean(true);
  reply_.BigNumber("123456789012345678901234567890");
  reply_.Verbatim("txt", "hi");
  EXPECT_EQ(Text(), R"(values { simple_string: "OK" } values { integer: -7 } )"
                    R"(values { bulk: "a\000b" } values { bulk: "" } )"
                    R"(values { bulk: "-9223372036854775808" } )"
                    R"(values { null: NULL_VALUE } values { null: NULL_VALUE } )"
                    R"(values { double: 1.5 } values { boolean: true } )"
                    R"(values { big_number: "123456789012345678901234567890" } )"
                    R"(values { verbatim { format: "txt" text: "hi" } })");
}

TEST_F(ReplyBuilderTest, WritesErrorsWithTheirStatusCode) {
  reply_.Error(WrongType());
  reply_.Error(MakeError(ErrorCode::kUnknownCommand, "ERR unknown command '\xFF\r\n'"));
  EXPECT_EQ(reply_.errors(), 2u);
  EXPECT_EQ(Text(),
            R"(values { error { text: "WRONGTYPE Operation against a key holding the wrong kind )"
            R"(of value" code: 9 } } )"
            R"(values { error { text: "ERR unknown command \'?  \'" code: 12 } })");
}

TEST_F(ReplyBuilderTest, NestsAggregates) {
  reply_.Array(3);
  reply_.Integer(1);
  reply_.Array(0);
  reply_.Map(2);
  reply_.Bulk("a");
  reply_.Set(1);
  reply_.Integer(2);
  reply_.Bulk("b");
  reply_.Push(1);
  reply_.Null();
  EXPECT_FALSE(reply_.unfinished());
  reply_.Integer(3);
  EXPECT_EQ(
      Text(),
      R"(values { array { values { integer: 1 } values { array { } } values { map { )"
      R"(entries { key { bulk: "a" } value { set { values { integer: 2 } } } } )"
      R"(entries { key { bulk: "b" } value { push { values { null: NULL_VALUE } } } } } } } })"
      R"( values { integer: 3 })");
}

TEST_F(ReplyBuilderTest, TellsAnUnfinishedAggregate) {
  reply_.Array(2);
  reply_.Integer(1);
  EXPECT_TRUE(reply_.unfinished());
}

TEST_F(ReplyBuilderTest, DropsWhatCannotFit) {
  constexpr size_t kValues = 1'000'000;
  reply_.Array(kValues);
  for (size_t i = 0; i < kValues / 4; ++i) {
    reply_.Bulk(std::string(100, 'x'));
    reply_.Map(1);
    reply_.Integer(1);
    reply_.Array(1);
    reply_.Double(1);
    reply_.Null();
    EXPECT_TRUE(reply_.unfinished());
    reply_.Verbatim("txt", "text");
  }
  EXPECT_FALSE(reply_.unfinished());
  EXPECT_TRUE(reply_.overflowed());
  EXPECT_LE(response_.ByteSizeLong(), 3000u);
}

// A reply that just fits is not taken for one that does not.
TEST_F(ReplyBuilderTest, KeepsWhatFits) {
  const size_t values = 1996 / 6;
  reply_.Array(values);
  for (size_t i = 0; i < values; ++i) reply_.Bulk("ab");
  EXPECT_FALSE(reply_.overflowed());
  EXPECT_EQ(response_.values(0).array().values_size(), static_cast<int>(values));
  EXPECT_GE(response_.ByteSizeLong(), 1990u);
}

}  // namespace
}  // namespace duet::rpc
