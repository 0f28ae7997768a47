// Attributes as OpenTelemetry's semantic conventions name them, where the doors share them.
// Source: https://opentelemetry.io/docs/specs/semconv/ (database spans, general attributes).
//
// Thread-safe: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "server/tracing/span.h"

namespace duet::tracing {

// "client|info" as a client writes it: "CLIENT INFO".
std::string OperationName(std::string_view full_name);

// db.system.name and db.namespace: the commands are Redis', and so is the number of a database.
void AddDatabase(Span& span, int database);
// client.address and client.port: "127.0.0.1:50412", "[::1]:50412"; a Unix-domain socket's path has
// the port 0, and none in the span.
void AddClient(Span& span, std::string_view address);
// server.address and server.port, in the same form.
void AddServer(Span& span, std::string_view address);

}  // namespace duet::tracing
