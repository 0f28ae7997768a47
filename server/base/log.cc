#include "server/base/log.h"

#include <array>
#include <cstdio>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "server/base/numbers.h"

namespace duet {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames = {"debug", "info", "warning", "error",
                                                         "off"};
// Padded to one width, so that targets stand in a column.
constexpr std::array<std::string_view, 5> kLevelLabels = {"DEBUG", "INFO ", "WARN ", "ERROR",
                                                          "OFF  "};

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

void AppendEscaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20 || byte >= 0x7f) {
      // \u00xx also for bytes over 0x7f: what a peer sends need not be UTF-8, JSON must be.
      char code[7];
      std::snprintf(code, sizeof(code), "\\u%04x", static_cast<unsigned>(byte));
      out.append(code);
    } else {
      out.push_back(c);
    }
  }
}

void AppendQuoted(std::string& out, std::string_view text) {
  out.push_back('"');
  AppendEscaped(out, text);
  out.push_back('"');
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
    AppendQuoted(out, value);
  } else {
    out.append(value);
  }
}

void AppendJsonMember(std::string& out, std::string_view key, std::string_view value, bool bare) {
  if (!out.empty()) out.push_back(',');
  AppendQuoted(out, key);
  out.push_back(':');
  if (bare && value != "inf" && value != "-inf" && value != "nan" && value != "-nan") {
    out.append(value);
  } else {
    AppendQuoted(out, value);
  }
}

std::string FormatJson(LogLevel level, std::string_view target, std::string_view message,
                       LogFields fields) {
  std::string line;
  AppendJsonMember(line, "level", LogLevelName(level), false);
  AppendJsonMember(line, "target", target, false);
  AppendJsonMember(line, "message", message, false);
  for (const LogField& field : fields) {
    AppendJsonMember(line, field.key(), field.value(), field.bare());
  }
  return line;
}

}  // namespace

struct Logger::Impl {
  Impl(LogLevel level, LogFormat line_format)
      : format(line_format), logger("duet", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(
        PatternOf(format), spdlog::pattern_time_type::utc));
    logger.set_level(ToSpdlog(level));
    logger.flush_on(spdlog::level::debug);
  }

  const LogFormat format;
  spdlog::logger logger;
};

std::optional<LogLevel> ParseLogLevel(std::string_view name) {
  for (size_t i = 0; i < kLevelNames.size(); ++i) {
    if (EqualsIgnoreCase(name, kLevelNames[i])) return static_cast<LogLevel>(i);
  }
  if (EqualsIgnoreCase(name, "verbose")) return LogLevel::kInfo;
  if (EqualsIgnoreCase(name, "notice")) return LogLevel::kInfo;
  return std::nullopt;
}

std::string_view LogLevelName(LogLevel level) { return kLevelNames[static_cast<size_t>(level)]; }

std::optional<LogFormat> ParseLogFormat(std::string_view name) {
  if (EqualsIgnoreCase(name, "text")) return LogFormat::kText;
  if (EqualsIgnoreCase(name, "logfmt")) return LogFormat::kLogfmt;
  if (EqualsIgnoreCase(name, "json")) return LogFormat::kJson;
  return std::nullopt;
}

Logger::Logger(LogLevel level, LogFormat format) : impl_(std::make_unique<Impl>(level, format)) {}

Logger::~Logger() = default;

void Logger::SetLevel(LogLevel level) { impl_->logger.set_level(ToSpdlog(level)); }

LogLevel Logger::level() const {
  switch (impl_->logger.level()) {
    case spdlog::level::trace:
    case spdlog::level::debug:
      return LogLevel::kDebug;
    case spdlog::level::info:
      return LogLevel::kInfo;
    case spdlog::level::warn:
      return LogLevel::kWarning;
    case spdlog::level::err:
    case spdlog::level::critical:
      return LogLevel::kError;
    default:
      return LogLevel::kOff;
  }
}

void Logger::Log(LogLevel level, std::string_view target, std::string_view message,
                 LogFields fields) {
  const spdlog::level::level_enum native = ToSpdlog(level);
  if (level == LogLevel::kOff || !impl_->logger.should_log(native)) return;
  const std::string line = FormatLine(impl_->format, level, target, message, fields);
  impl_->logger.log(native, spdlog::string_view_t(line.data(), line.size()));
}

std::string Logger::FormatLine(LogFormat format, LogLevel level, std::string_view target,
                               std::string_view message, LogFields fields) {
  if (format == LogFormat::kJson) return FormatJson(level, target, message, fields);
  std::string line;
  if (format == LogFormat::kText) {
    line.append(kLevelLabels[static_cast<size_t>(level)]).append(" ").append(target).append(": ");
    AppendEscaped(line, message);
  } else {
    AppendPair(line, "level", LogLevelName(level));
    line.push_back(' ');
    AppendPair(line, "target", target);
    line.push_back(' ');
    AppendPair(line, "message", message);
  }
  for (const LogField& field : fields) {
    line.push_back(' ');
    AppendPair(line, field.key(), field.value());
  }
  return line;
}

}  // namespace duet
