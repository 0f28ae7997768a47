// How a root is decided fast: most are not sampled, and nothing is shared between the threads that
// find that out. R is made from the tick counter, which no two requests of a thread read alike; two
// threads that do make the same R, and differ in the other half of the trace id.
#include "server/tracing/tracer.h"

#include <cmath>

#include "server/base/clock.h"
#include "server/base/hash.h"
#include "server/base/random.h"

namespace duet::tracing {

TracerSeeds TracerSeeds::Random() { return {RandomSeed(), RandomSeed(), RandomSeed()}; }

void Tracer::set_ratio(double ratio) {
  const auto threshold = std::llround((1.0 - ratio) * static_cast<double>(kIdSpace));
  threshold_.store(static_cast<uint64_t>(threshold), std::memory_order_relaxed);
}

SpanId Tracer::NextSpanId(uint64_t number) const {
  const SpanId id = Mix(seeds_.span + number);
  return id != 0 ? id : 1;
}

std::optional<Span> Tracer::BeginRoot() {
  const uint64_t low = Mix(Mix(seeds_.decision + CycleClock::Now()));
  if ((low & (kIdSpace - 1)) < threshold_.load(std::memory_order_relaxed)) return std::nullopt;
  const uint64_t number = begun_.fetch_add(1, std::memory_order_relaxed);
  std::optional<Span> span(std::in_place);
  span->trace_id = {Mix(seeds_.trace + number), low};
  span->span_id = NextSpanId(number);
  span->flags = kSampledFlag | kRandomFlag;
  return span;
}

std::optional<Span> Tracer::BeginChild(const TraceContext& parent) {
  if (!parent.sampled()) return std::nullopt;
  std::optional<Span> span(std::in_place);
  span->trace_id = parent.trace_id;
  span->span_id = NextSpanId(begun_.fetch_add(1, std::memory_order_relaxed));
  span->parent_id = parent.span_id;
  span->flags = parent.flags;
  span->trace_state = parent.state;
  return span;
}

}  // namespace duet::tracing
