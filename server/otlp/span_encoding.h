// Spans as OTLP's messages. Source: OpenTelemetry's trace.proto, version 1.
//
// Thread-safe: pure functions.
#pragma once

#include <span>
#include <string>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "server/tracing/span.h"

namespace duet::otlp {

namespace wire = ::opentelemetry::proto::collector::trace::v1;

// Who sends.
struct Resource {
  std::string service_name;
  std::string service_version;
  std::string service_instance_id;  // unique among all processes
};

wire::ExportTraceServiceRequest Encode(const Resource& resource,
                                       std::span<const tracing::Span> spans);

}  // namespace duet::otlp
