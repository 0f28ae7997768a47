// Settings that name a service to connect to.
//
// Thread-safe: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace duet {

// The endpoint as gRPC takes it ("dns:///collector:4317", "unix:/run/otel.sock"), of "host:port",
// "http://host:port" (the form of OTEL_EXPORTER_OTLP_ENDPOINT) or "unix:/path". Empty for an empty
// text; nothing: it is no endpoint. There is no TLS, and https:// is none.
std::optional<std::string> GrpcTargetOf(std::string_view endpoint);

// What GrpcTargetOf takes, for people.
std::string_view EndpointForm();

}  // namespace duet
