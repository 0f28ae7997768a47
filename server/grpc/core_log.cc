#include "server/grpc/core_log.h"

#include <cstdio>
#include <string_view>

#include "absl/base/const_init.h"
#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpc/support/log.h"

namespace duet::rpc {
namespace {

ABSL_CONST_INIT absl::Mutex mutex(absl::kConstInit);
Logger* logger ABSL_GUARDED_BY(mutex) = nullptr;

LogLevel LevelOf(gpr_log_severity severity) {
  switch (severity) {
    case GPR_LOG_SEVERITY_DEBUG:
      return LogLevel::kDebug;
    case GPR_LOG_SEVERITY_INFO:
      return LogLevel::kInfo;
    case GPR_LOG_SEVERITY_ERROR:
      break;
  }
  return LogLevel::kWarning;  // most are what a client did
}

void LogLine(gpr_log_func_args* line) {
  const std::string_view text = line->message;
  // The process ends behind this one, before a logger's thread would get to it.
  if (text.starts_with("assertion failed")) {
    std::fprintf(stderr, "gRPC: %s:%d: %s\n", line->file, line->line, line->message);
  }
  const absl::MutexLock lock(&mutex);
  if (logger != nullptr) {
    logger->Log(LevelOf(line->severity), LogTarget::kGrpc, "gRPC has a message", {{"text", text}});
  }
}

}  // namespace

CoreLog::CoreLog(Logger& log) : log_(log) {
  {
    const absl::MutexLock lock(&mutex);
    logger = &log;
  }
  gpr_set_log_function(&LogLine);
}

CoreLog::~CoreLog() {
  const absl::MutexLock lock(&mutex);
  if (logger == &log_) logger = nullptr;
}

}  // namespace duet::rpc
