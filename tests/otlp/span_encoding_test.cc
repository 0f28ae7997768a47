#include "server/otlp/span_encoding.h"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace duet::otlp {
namespace {

const Resource kResource = {
    .service_name = "shop-cache", .service_version = "1.2.3", .service_instance_id = "abc"};

tracing::Span AChild() {
  tracing::Span span;
  span.trace_id = {0x0102030405060708, 0x090a0b0c0d0e0f10};
  span.span_id = 0x1112131415161718;
  span.parent_id = 0x2122232425262728;
  span.flags = tracing::kSampledFlag;
  span.trace_state = "a=1";
  span.name = "GET";
  span.start_ns = 1'700'000'000'000'000'000;
  span.end_ns = 1'700'000'000'000'001'000;
  return span;
}

TEST(SpanEncodingTest, SaysWhoSends) {
  const auto request = Encode(kResource, {});
  ASSERT_EQ(request.resource_spans_size(), 1);
  const auto& attributes = request.resource_spans(0).resource().attributes();
  ASSERT_EQ(attributes.size(), 3);
  EXPECT_EQ(attributes[0].key(), "service.name");
  EXPECT_EQ(attributes[0].value().string_value(), "shop-cache");
  EXPECT_EQ(attributes[1].value().string_value(), "1.2.3");
  EXPECT_EQ(attributes[2].value().string_value(), "abc");
  EXPECT_EQ(request.resource_spans(0).scope_spans(0).scope().name(), "duet");
}

TEST(SpanEncodingTest, WritesASpan) {
  const std::vector<tracing::Span> spans = {AChild()};
  const auto request = Encode(kResource, spans);
  const wire::Span& span = request.resource_spans(0).scope_spans(0).spans(0);
  EXPECT_EQ(span.trace_id(), "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10");
  EXPECT_EQ(span.span_id(), "\x11\x12\x13\x14\x15\x16\x17\x18");
  EXPECT_EQ(span.parent_span_id(), "\x21\x22\x23\x24\x25\x26\x27\x28");
  EXPECT_EQ(span.flags(), 0x301u);
  EXPECT_EQ(span.trace_state(), "a=1");
  EXPECT_EQ(span.name(), "GET");
  EXPECT_EQ(span.kind(), wire::Span::SPAN_KIND_SERVER);
  EXPECT_EQ(span.start_time_unix_nano(), 1'700'000'000'000'000'000u);
  EXPECT_EQ(span.end_time_unix_nano(), 1'700'000'000'000'001'000u);
  EXPECT_FALSE(span.has_status());
}

TEST(SpanEncodingTest, ARootHasNoParent) {
  std::vector<tracing::Span> spans = {AChild()};
  spans[0].parent_id = 0;
  spans[0].failed = true;
  const auto request = Encode(kResource, spans);
  const wire::Span& span = request.resource_spans(0).scope_spans(0).spans(0);
  EXPECT_EQ(span.parent_span_id(), "");
  EXPECT_EQ(span.flags(), 0x101u);
  EXPECT_EQ(span.status().code(), wire::Status::STATUS_CODE_ERROR);
}

TEST(SpanEncodingTest, AttributesAreNumbersAndUtf8) {
  std::vector<tracing::Span> spans = {AChild()};
  spans[0].Add("a", int64_t{-1});
  spans[0].Add("b", std::string_view("constant"));
  spans[0].Add("c", std::string("/run/\xFF.sock"));
  const auto request = Encode(kResource, spans);
  const auto& attributes = request.resource_spans(0).scope_spans(0).spans(0).attributes();
  ASSERT_EQ(attributes.size(), 3);
  EXPECT_EQ(attributes[0].value().int_value(), -1);
  EXPECT_EQ(attributes[1].value().string_value(), "constant");
  EXPECT_EQ(attributes[2].value().string_value(), "/run/?.sock");
}

// Field by field, as the bytes of the standard's messages: what the numbers in our proto must be.
TEST(SpanEncodingTest, IsOtlpOnTheWire) {
  const std::string bytes = Encode(kResource, {}).SerializeAsString();
  const std::string service("\x0a\x1c\x0a\x0cservice.name\x12\x0c\x0a\x0ashop-cache", 30);
  EXPECT_NE(bytes.find(service), std::string::npos);
  std::vector<tracing::Span> spans = {AChild()};
  spans[0].Add("n", int64_t{5});
  spans[0].failed = true;
  const auto request = Encode(kResource, spans);
  const std::string span = request.resource_spans(0).scope_spans(0).spans(0).SerializeAsString();
  const auto has = [&span](std::string_view part) { return span.find(part) != span.npos; };
  EXPECT_TRUE(
      has("\x1a\x03"
          "a=1"));                                                    // trace_state = 3
  EXPECT_TRUE(has("\x2a\x03GET\x30\x02"));                            // name = 5, kind = 6
  EXPECT_TRUE(has("\x4a\x07\x0a\x01n\x12\x02\x18\x05"));              // attributes = 9
  EXPECT_TRUE(has("\x7a\x02\x18\x02"));                               // status = 15, code = 3
  EXPECT_TRUE(has(std::string_view("\x85\x01\x01\x03\x00\x00", 6)));  // flags = 16, fixed32
}

}  // namespace
}  // namespace duet::otlp
