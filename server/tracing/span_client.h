// Where the exporter sends spans: OTLP in the server (otlp/otlp_client.h), something else in tests.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "absl/time/time.h"

#include "server/tracing/span.h"

namespace duet::tracing {

struct ExportResult {
  enum class Outcome : uint8_t {
    kTaken,
    kAgain,    // the collector may take them later
    kRefused,  // it never will
  };
  Outcome outcome = Outcome::kTaken;
  uint64_t rejected = 0;                        // of kTaken: spans that the collector did not want
  std::optional<absl::Duration> retry_after{};  // of kAgain: when the collector wants to be asked
  std::string reason{};                         // for the log; empty: none
};

// Used by one thread; Cancel may be called by another.
class SpanClient {
 public:
  virtual ~SpanClient() = default;
  // Returns within the client's own time limit.
  virtual ExportResult ExportBlocking(std::span<const Span> spans) = 0;
  // Makes the export that runs, and every later one, return at once.
  virtual void Cancel() = 0;
};

}  // namespace duet::tracing
