#include "server/base/log.h"

#include <array>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "server/base/json.h"
#include "server/base/numbers.h"

namespace duet {
namespace {

// Lines that wait for the writer; more, and the oldest ones go.
constexpr size_t kQueueLines = 2048;

// Padded to one width, so that targets stand in a column.
constexpr std::array<std::string_view, 5> kLevelLabels = {"DEBUG", "INFO ", "WARN ", "ERROR",
                                                          "OFF  "};

// The field that says how often a line was held back before.
constexpr std::string_view kHeldBack = "held_back";

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

// Time in UTC, then what FormatLine made.
const char* PatternOf(LogFormat format) {
  switch (format) {
    case LogFormat::kText:
      return "%Y-%m-%dT%H:%M:%S.%eZ %v";
    case LogFormat::kLogfmt:
      return "time=%Y-%m-%dT%H:%M:%S.%eZ %v";
    case LogFormat::kJson:
      return "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",%v}";
  }
  return "%v";
}

bool NeedsQuotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=') return true;
  }
  return false;
}

void AppendPair(std::string& out, std::string_view key, std::string_view value) {
  out.append(key).push_back('=');
  if (NeedsQuotes(value)) {
    AppendJsonString(out, value);
  } else {
    out.append(value);
  }
}

void AppendJsonMember(std::string& out, std::string_view key, std::string_view value, bool bare) {
  if (!out.empty()) out.push_back(',');
  AppendJsonString(out, key);
  out.push_back(':');
  if (bare && value != "inf" && value != "-inf" && value != "nan" && value != "-nan") {
    out.append(value);
  } else {
    AppendJsonString(out, value);
  }
}

std::string FormatJson(LogLevel level, LogTarget target, std::string_view message, LogFields fields,
                       uint64_t held_back) {
  std::string line;
  AppendJsonMember(line, "level", LogLevelName(level), false);
  AppendJsonMember(line, "target", LogTargetName(target), false);
  AppendJsonMember(line, "message", message, false);
  for (const LogField& field : fields) {
    AppendJsonMember(line, field.key(), field.value(), field.bare());
  }
  if (held_back > 0) AppendJsonMember(line, kHeldBack, std::to_string(held_back), true);
  return line;
}

}  // namespace

struct Logger::Impl {
  explicit Impl(LogFormat format)
      : writer(std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1)),
        logger(std::make_shared<spdlog::async_logger>(
            "duet", std::make_shared<spdlog::sinks::stderr_sink_mt>(), writer,
            spdlog::async_overflow_policy::overrun_oldest)) {
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        PatternOf(format), spdlog::pattern_time_type::utc));
    logger->set_level(spdlog::level::debug);  // LogFilter has asked before
  }

  // The thread writes what waits and ends, before the logger goes: the lines in its queue own it
  // too.
  ~Impl() { writer.reset(); }

  std::shared_ptr<spdlog::details::thread_pool> writer;
  std::shared_ptr<spdlog::async_logger> logger;
};

std::optional<LogFormat> ParseLogFormat(std::string_view name) {
  if (EqualsIgnoreCase(name, "text")) return LogFormat::kText;
  if (EqualsIgnoreCase(name, "logfmt")) return LogFormat::kLogfmt;
  if (EqualsIgnoreCase(name, "json")) return LogFormat::kJson;
  return std::nullopt;
}

Logger::Logger(LogFilter filter, LogFormat format)
    : filter_(filter.packed()), format_(format), impl_(std::make_unique<Impl>(format)) {}

Logger::~Logger() = default;

void Logger::Log(LogLevel level, LogTarget target, std::string_view message, LogFields fields) {
  if (level == LogLevel::kOff || !enabled(target, level)) return;
  const LineRateLimit::Verdict verdict = rate_limit_.Ask(message, clock_.MonotonicNs());
  if (!verdict.passes) return;
  lines_[static_cast<size_t>(level)].fetch_add(1, std::memory_order_relaxed);
  const std::string line = FormatLine(format_, level, target, message, fields, verdict.held_back);
  impl_->logger->log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

LogFigures Logger::figures() const {
  LogFigures figures;
  for (size_t i = 0; i < lines_.size(); ++i) {
    figures.lines[i] = lines_[i].load(std::memory_order_relaxed);
  }
  figures.dropped = impl_->writer->overrun_counter();
  figures.held_back = rate_limit_.held_back();
  return figures;
}

std::string Logger::FormatLine(LogFormat format, LogLevel level, LogTarget target,
                               std::string_view message, LogFields fields, uint64_t held_back) {
  if (format == LogFormat::kJson) return FormatJson(level, target, message, fields, held_back);
  std::string line;
  if (format == LogFormat::kText) {
    line.append(kLevelLabels[static_cast<size_t>(level)]).append(" ");
    line.append(LogTargetName(target)).append(": ");
    AppendJsonEscaped(line, message);
  } else {
    AppendPair(line, "level", LogLevelName(level));
    line.push_back(' ');
    AppendPair(line, "target", LogTargetName(target));
    line.push_back(' ');
    AppendPair(line, "message", message);
  }
  for (const LogField& field : fields) {
    line.push_back(' ');
    AppendPair(line, field.key(), field.value());
  }
  if (held_back > 0) {
    line.push_back(' ');
    AppendPair(line, kHeldBack, std::to_string(held_back));
  }
  return line;
}

}  // namespace duet
