#include "server/commands/command_span.h"

#include <string>
#include <utility>

#include "server/base/clock.h"
#include "server/commands/command_spec.h"
#include "server/tracing/conventions.h"
#include "server/tracing/tracer.h"

namespace duet::commands {
namespace {

constexpr std::string_view kUnknown = "unknown";  // what the client called it stays here

bool IsPartOfAnother(const Call& call) {
  if (call.session.door != Door::kResp) return true;
  if (!call.session.has(kInTransaction) || call.command == nullptr) return false;
  return (call.command->spec->flags & kNotQueued) == 0;
}

// All but how the command ended.
void Describe(const Call& call, uint64_t ticks, tracing::Span& span) {
  const auto taken_ns =
      static_cast<int64_t>(static_cast<double>(ticks) * 1000 / CycleClock::TicksPerUs());
  span.end_ns = call.server.clock->WallUs() * 1000;
  span.start_ns = span.end_ns - taken_ns;
  span.name = call.command != nullptr ? tracing::OperationName(call.command->full_name)
                                      : std::string(kUnknown);
  span.Add("db.operation.name", span.name);
  tracing::AddDatabase(span, call.session.database);
  tracing::AddServer(span, call.session.local_address);
  tracing::AddClient(span, call.session.PeerAddress());
}

void AddError(ErrorWord word, tracing::Span& span) {
  span.failed = true;
  span.Add("db.response.status_code", ErrorWordText(word));
  span.Add("error.type", ErrorWordText(word));
}

}  // namespace

std::optional<tracing::TraceId> TraceCommand(const Call& call, uint64_t ticks, bool failed) {
  if (IsPartOfAnother(call)) return std::nullopt;
  tracing::Tracer& tracer = call.server.tracer;
  std::optional<tracing::Span> span = tracer.BeginRoot();
  if (!span) return std::nullopt;
  const tracing::TraceId trace = span->trace_id;
  Describe(call, ticks, *span);
  if (failed) AddError(call.reply.last_error_word(), *span);
  tracer.End(*std::move(span));
  return trace;
}

void TraceRefusal(const Call& call, const Error& error) {
  if (call.session.door != Door::kResp) return;
  tracing::Tracer& tracer = call.server.tracer;
  std::optional<tracing::Span> span = tracer.BeginRoot();
  if (!span) return;
  Describe(call, /*ticks=*/0, *span);
  AddError(ErrorWordOf(error.text), *span);
  tracer.End(*std::move(span));
}

}  // namespace duet::commands
