// Where a request stands in a trace that its caller began: W3C Trace Context, as gRPC metadata
// carries it. Source: https://www.w3.org/TR/trace-context/
//
// Thread-safe: values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace duet::tracing {

// 16 bytes, the most significant first. All zero: none.
struct TraceId {
  uint64_t high = 0;
  uint64_t low = 0;
  bool operator==(const TraceId&) const = default;
};
// 8 bytes, the most significant first. 0: none.
using SpanId = uint64_t;

inline constexpr uint8_t kSampledFlag = 0x01;
// The trace id's last seven bytes are random (level 2 of the recommendation).
inline constexpr uint8_t kRandomFlag = 0x02;

// The caller's span.
struct TraceContext {
  TraceId trace_id;
  SpanId span_id = 0;
  uint8_t flags = 0;
  std::string state;  // `tracestate`, as it came; empty: none, or a malformed one

  bool sampled() const { return (flags & kSampledFlag) != 0; }
};

// A `traceparent` header. Nothing: it is malformed, and the request is as one without. Of a version
// after 00 the part is read that all versions share.
std::optional<TraceContext> ParseTraceParent(std::string_view header);

// The `tracestate` headers of a request, joined. Empty where there is none, where one is malformed,
// and above 32 members or kMaxTraceStateBytes: a state is dropped as a whole, never cut.
std::string JoinTraceState(std::span<const std::string_view> headers);
inline constexpr size_t kMaxTraceStateBytes = 512;  // the least that everybody must pass on

// "4bf92f3577b34da6a3ce929d0e0e4736", for log lines.
std::string ToHex(const TraceId& id);

}  // namespace duet::tracing
