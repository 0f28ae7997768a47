// The way of spans out of the server, as the settings have it.
#pragma once

#include <memory>
#include <string>

#include "server/base/log.h"
#include "server/config.h"
#include "server/tracing/exporter.h"
#include "server/tracing/tracer.h"

namespace duet {

// Opens `tracer` and starts to export its spans to config.otlp_endpoint; null where that is empty.
// The exporter must be shut down before `tracer` and `log` go. REQUIRES: signals are blocked.
std::unique_ptr<tracing::Exporter> StartSpanExport(const Config& config,
                                                   const std::string& instance_id,
                                                   tracing::Tracer& tracer, Logger& log);

}  // namespace duet
