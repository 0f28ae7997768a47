// One request as a trace shows it: what it was, when, whose child, and how it ended.
//
// Keys, values and passwords of users never go into a span: what an attribute holds is a name of
// ours, a number, or an address.
//
// Thread class: plain data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/container/inlined_vector.h"

#include "server/tracing/trace_context.h"

namespace duet::tracing {

// A string_view is of static storage.
using AttributeValue = std::variant<int64_t, std::string_view, std::string>;

struct Attribute {
  std::string_view key;  // of static storage: a name of OpenTelemetry's semantic conventions
  AttributeValue value;
};

// Kind: SERVER, as all spans here.
struct Span {
  TraceId trace_id;
  SpanId span_id = 0;
  SpanId parent_id = 0;  // the caller's; 0: a root
  uint8_t flags = 0;     // kSampledFlag, kRandomFlag
  std::string trace_state;
  std::string name;
  int64_t start_ns = 0;  // since the Unix epoch
  int64_t end_ns = 0;
  bool failed = false;  // status ERROR; otherwise it is left unset
  absl::InlinedVector<Attribute, 12> attributes;

  void Add(std::string_view key, AttributeValue value) {
    attributes.push_back({key, std::move(value)});
  }
};

}  // namespace duet::tracing
