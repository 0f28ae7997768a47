// The span of a gRPC call, or of one batch of a Pipeline stream: a child of the caller's span,
// which comes in the call's metadata (`traceparent`, `tracestate`), or a root.
//
// Thread class: worker-bound, as its call is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"

#include "server/commands/session.h"
#include "server/grpc/call_host.h"
#include "server/grpc/methods.h"
#include "server/tracing/span.h"
#include "server/tracing/trace_context.h"

namespace duet::rpc {

// What the call's metadata says of its caller's span; nothing: it has none, or what it says is
// malformed.
std::optional<tracing::TraceContext> CallersSpan(const ::grpc::ServerContext& context);

// Costs one load and one test a call while nothing is traced.
class CallSpan {
 public:
  // `host` outlives it.
  CallSpan(CallHost& host, Method method) : host_(host), method_(method) {}

  // Begins a span, if the call is sampled. `session` runs its commands until End.
  void Begin(const ::grpc::ServerContext& context, commands::Session& session) {
    if (host_.dispatcher.server().tracer.on()) [[unlikely]]
      BeginTraced(context, session);
  }
  // The span is of a batch of so many commands.
  void SetBatchSize(size_t commands) { batch_size_ = commands; }
  // Nothing where no span has begun.
  void End(::grpc::StatusCode code) {
    if (span_ != nullptr) [[unlikely]]
      EndTraced(code);
  }

 private:
  void BeginTraced(const ::grpc::ServerContext& context, commands::Session& session);
  void EndTraced(::grpc::StatusCode code);

  CallHost& host_;
  const Method method_;
  std::unique_ptr<tracing::Span> span_;
  commands::Session* session_ = nullptr;  // while there is a span
  uint64_t begin_ticks_ = 0;
  size_t batch_size_ = 0;  // 0: no batch
};

}  // namespace duet::rpc
