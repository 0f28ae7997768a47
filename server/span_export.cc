#include "server/span_export.h"

#include <optional>
#include <utility>

#include "absl/time/time.h"

#include "server/base/check.h"
#include "server/config_endpoint.h"
#include "server/otlp/otlp_client.h"

namespace duet {

std::unique_ptr<tracing::Exporter> StartSpanExport(const Config& config,
                                                   const std::string& instance_id,
                                                   tracing::Tracer& tracer, Logger& log) {
  const std::optional<std::string> target = GrpcTargetOf(config.otlp_endpoint);
  DUET_CHECK(target.has_value(), "the configuration let a malformed endpoint pass");
  if (target->empty()) return nullptr;
  otlp::OtlpClientOptions client;
  client.target = *target;
  client.timeout = absl::Milliseconds(config.otlp_timeout_ms);
  client.resource = {.service_name = config.otlp_service_name,
                     .service_version = std::string(Version()),
                     .service_instance_id = instance_id};
  tracing::ExporterOptions options;
  options.interval = absl::Milliseconds(config.otlp_interval_ms);
  auto exporter = std::make_unique<tracing::Exporter>(
      tracer.queue(), otlp::NewOtlpClient(std::move(client)), options, log);
  tracer.Open(static_cast<size_t>(config.otlp_queue_spans));
  exporter->Start();
  return exporter;
}

}  // namespace duet
