// What a collector's answer means. Source: OTLP specification 1.3, "OTLP/gRPC Response" (full and
// partial success, failures, throttling): https://opentelemetry.io/docs/specs/otlp/
//
// Thread-safe: pure functions.
#pragma once

#include "grpcpp/support/status.h"

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "server/tracing/span_client.h"

namespace duet::otlp {

// `response` counts where `status` is OK.
tracing::ExportResult ResultOf(
    const ::grpc::Status& status,
    const ::opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse& response);

}  // namespace duet::otlp
