// Decides which requests get a span, gives them their ids, and takes the spans that have ended.
//
// A request whose caller traces it is a child of the caller's span: sampled if the caller says so,
// and not otherwise. A request without a caller's span is a root, sampled by a ratio: by the trace
// id's last 56 bits R, if R >= (1 - ratio) * 2^56, so that whoever knows the id decides alike.
// Source: OpenTelemetry specification, "Tracing SDK": ParentBased, TraceIdRatioBased.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

#include "server/tracing/span.h"
#include "server/tracing/span_queue.h"
#include "server/tracing/trace_context.h"

namespace duet::tracing {

// What ids are made from.
struct TracerSeeds {
  uint64_t decision;
  uint64_t trace;
  uint64_t span;
  static TracerSeeds Random();
};

class Tracer {
 public:
  explicit Tracer(TracerSeeds seeds = TracerSeeds::Random()) : seeds_(seeds) {}

  // Takes spans from now on, of which `capacity` may wait to be exported.
  void Open(size_t capacity) { queue_.Open(capacity); }
  // False: no request gets a span. One load: it is asked for each gRPC call.
  bool on() const { return queue_.open(); }

  // Of requests without a caller's span. From 0 (none) to 1 (all).
  void set_ratio(double ratio);
  // Whether any of them is sampled.
  bool samples_roots() const {
    return on() && threshold_.load(std::memory_order_relaxed) < kIdSpace;
  }

  // A span with its ids, flags and trace state, if the request is sampled; the caller fills the
  // rest and hands it to End.
  std::optional<Span> BeginRoot();
  std::optional<Span> BeginChild(const TraceContext& parent);
  void End(Span span) { queue_.Push(std::move(span)); }

  SpanQueue& queue() { return queue_; }
  const SpanQueue& queue() const { return queue_; }

 private:
  static constexpr uint64_t kIdSpace = uint64_t{1} << 56;

  SpanId NextSpanId(uint64_t number) const;

  const TracerSeeds seeds_;
  std::atomic<uint64_t> threshold_{kIdSpace};  // the least R that is sampled
  std::atomic<uint64_t> begun_{0};             // sampled spans: makes their ids unique
  SpanQueue queue_;
};

}  // namespace duet::tracing
