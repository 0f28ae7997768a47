// Sends spans to an OpenTelemetry collector over OTLP/gRPC, in clear text: the collector is one of
// the same machine, pod or private network.
#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"

#include "server/otlp/span_encoding.h"
#include "server/tracing/span_client.h"

namespace duet::otlp {

struct OtlpClientOptions {
  std::string target;                          // as gRPC names it: "collector:4317", "unix:/run/x"
  absl::Duration timeout = absl::Seconds(10);  // of one export
  Resource resource;
};

// Connects when something is to be sent; a collector that comes back is found again.
std::unique_ptr<tracing::SpanClient> NewOtlpClient(OtlpClientOptions options);

}  // namespace duet::otlp
