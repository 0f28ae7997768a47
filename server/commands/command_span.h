// Spans of the commands that come through the RESP door: one a command, a root, sampled by the
// tracer's ratio. RESP has no place for a caller's trace.
//
// A command of the gRPC door has none: it is part of its call's (grpc/call_span.h). Nor has one
// that EXEC executes: it is part of EXEC's.
//
// Thread-safe: as the tracer.
#pragma once

#include <cstdint>
#include <optional>

#include "server/api/error.h"
#include "server/commands/call.h"
#include "server/tracing/trace_context.h"

namespace duet::commands {

// A command that has run, took so long and ends now. The trace that it is in; nothing: it is not
// sampled. REQUIRES: call.command is not null.
std::optional<tracing::TraceId> TraceCommand(const Call& call, uint64_t ticks, bool failed);
// A command that is refused now.
void TraceRefusal(const Call& call, const Error& error);

}  // namespace duet::commands
