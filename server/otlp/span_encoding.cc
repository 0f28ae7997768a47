#include "server/otlp/span_encoding.h"

#include <cstdint>
#include <string_view>

#include "server/base/utf8.h"

namespace duet::otlp {
namespace {

// Bits of wire::Span.flags above the trace flags.
constexpr uint32_t kKnowsRemote = 1u << 8;
constexpr uint32_t kParentIsRemote = 1u << 9;

void AppendBigEndian(std::string& out, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

std::string Bytes(const tracing::TraceId& id) {
  std::string bytes;
  AppendBigEndian(bytes, id.high);
  AppendBigEndian(bytes, id.low);
  return bytes;
}

std::string Bytes(tracing::SpanId id) {
  std::string bytes;
  AppendBigEndian(bytes, id);
  return bytes;
}

void SetText(wire::KeyValue& attribute, std::string_view key, std::string_view text) {
  attribute.set_key(std::string(key));
  attribute.mutable_value()->set_string_value(PrintableUtf8(text));
}

void EncodeAttribute(const tracing::Attribute& attribute, wire::KeyValue& out) {
  if (const int64_t* number = std::get_if<int64_t>(&attribute.value)) {
    out.set_key(std::string(attribute.key));
    out.mutable_value()->set_int_value(*number);
  } else if (const auto* text = std::get_if<std::string_view>(&attribute.value)) {
    SetText(out, attribute.key, *text);
  } else {
    SetText(out, attribute.key, std::get<std::string>(attribute.value));
  }
}

void EncodeSpan(const tracing::Span& span, wire::Span& out) {
  out.set_trace_id(Bytes(span.trace_id));
  out.set_span_id(Bytes(span.span_id));
  if (span.parent_id != 0) out.set_parent_span_id(Bytes(span.parent_id));
  out.set_trace_state(span.trace_state);
  out.set_flags(span.flags | kKnowsRemote | (span.parent_id != 0 ? kParentIsRemote : 0));
  out.set_name(PrintableUtf8(span.name));
  out.set_kind(wire::Span::SPAN_KIND_SERVER);
  out.set_start_time_unix_nano(static_cast<uint64_t>(span.start_ns));
  out.set_end_time_unix_nano(static_cast<uint64_t>(span.end_ns));
  for (const tracing::Attribute& attribute : span.attributes) {
    EncodeAttribute(attribute, *out.add_attributes());
  }
  if (span.failed) out.mutable_status()->set_code(wire::Status::STATUS_CODE_ERROR);
}

}  // namespace

wire::ExportTraceServiceRequest Encode(const Resource& resource,
                                       std::span<const tracing::Span> spans) {
  wire::ExportTraceServiceRequest request;
  wire::ResourceSpans& process = *request.add_resource_spans();
  auto& who = *process.mutable_resource()->mutable_attributes();
  SetText(*who.Add(), "service.name", resource.service_name);
  SetText(*who.Add(), "service.version", resource.service_version);
  SetText(*who.Add(), "service.instance.id", resource.service_instance_id);
  wire::ScopeSpans& scope = *process.add_scope_spans();
  scope.mutable_scope()->set_name("duet");
  scope.mutable_scope()->set_version(PrintableUtf8(resource.service_version));
  for (const tracing::Span& span : spans) EncodeSpan(span, *scope.add_spans());
  return request;
}

}  // namespace duet::otlp
