#include "server/grpc/call_span.h"

#include <grpc/grpc_security_constants.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/clock.h"
#include "server/tracing/conventions.h"
#include "server/tracing/tracer.h"

namespace duet::rpc {
namespace {

constexpr std::string_view kPeerPrefix = "grpc:";  // of PeerAddress

// The codes that say that the server failed; of the others the caller is the cause.
// Source: OpenTelemetry's semantic conventions for gRPC, "gRPC Status", server spans.
bool ServerFailed(::grpc::StatusCode code) {
  switch (code) {
    case ::grpc::StatusCode::UNKNOWN:
    case ::grpc::StatusCode::DEADLINE_EXCEEDED:
    case ::grpc::StatusCode::UNIMPLEMENTED:
    case ::grpc::StatusCode::INTERNAL:
    case ::grpc::StatusCode::UNAVAILABLE:
    case ::grpc::StatusCode::DATA_LOSS:
      return true;
    default:
      return false;
  }
}

bool OverTls(const ::grpc::ServerContext& context) {
  const auto types =
      context.auth_context()->FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  return !types.empty() && types[0] == GRPC_SSL_TRANSPORT_SECURITY_TYPE;
}

std::vector<std::string_view> HeadersNamed(const ::grpc::ServerContext& context, const char* name) {
  std::vector<std::string_view> values;
  const auto [begin, end] = context.client_metadata().equal_range(name);
  for (auto header = begin; header != end; ++header) {
    values.emplace_back(header->second.data(), header->second.size());
  }
  return values;
}

}  // namespace

std::optional<tracing::TraceContext> CallersSpan(const ::grpc::ServerContext& context) {
  const std::vector<std::string_view> parents = HeadersNamed(context, "traceparent");
  if (parents.size() != 1) return std::nullopt;  // of two nobody knows which one is right
  std::optional<tracing::TraceContext> parent = tracing::ParseTraceParent(parents[0]);
  if (parent) parent->state = tracing::JoinTraceState(HeadersNamed(context, "tracestate"));
  return parent;
}

void CallSpan::BeginTraced(const ::grpc::ServerContext& context, commands::Session& session) {
  commands::ServerContext& server = host_.dispatcher.server();
  const std::optional<tracing::TraceContext> parent = CallersSpan(context);
  std::optional<tracing::Span> span =
      parent ? server.tracer.BeginChild(*parent) : server.tracer.BeginRoot();
  if (!span) return;
  batch_size_ = 0;
  span_ = std::make_unique<tracing::Span>(*std::move(span));
  span_->start_ns = server.clock->WallUs() * 1000;
  begin_ticks_ = CycleClock::Now();
  const MethodName& name = kMethodNames[static_cast<size_t>(method_)];
  span_->name = std::string(name.service).append("/").append(name.method);
  span_->Add("rpc.system", std::string_view("grpc"));
  span_->Add("rpc.service", name.service);
  span_->Add("rpc.method", name.method);
  span_->Add("server.port",
             int64_t{(OverTls(context) ? server.grpc_tls_port : server.grpc_port).get()});
  const std::string peer = PeerAddress(context);
  tracing::AddClient(*span_, std::string_view(peer).substr(kPeerPrefix.size()));
  session_ = &session;
  session_->span = span_.get();
  session_->last_command = nullptr;
}

void CallSpan::EndTraced(::grpc::StatusCode code) {
  const std::unique_ptr<tracing::Span> span = std::move(span_);
  const auto ticks = static_cast<double>(CycleClock::Now() - begin_ticks_);
  span->end_ns = span->start_ns + static_cast<int64_t>(ticks * 1000 / CycleClock::TicksPerUs());
  span->failed = ServerFailed(code);
  span->Add("rpc.grpc.status_code", int64_t{code});
  if (const std::string* const last_command = session_->last_command) {
    if (batch_size_ > 1) {
      span->Add("db.operation.batch.size", static_cast<int64_t>(batch_size_));
    } else {
      span->Add("db.operation.name", tracing::OperationName(*last_command));
    }
    tracing::AddDatabase(*span, session_->database);
  }
  session_->span = nullptr;
  session_ = nullptr;
  host_.dispatcher.server().tracer.End(std::move(*span));
}

}  // namespace duet::rpc
