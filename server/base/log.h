// Log lines: a level, who speaks (target), a sentence, and key=value fields.
//
//   log.Info("resp", "listening", {{"address", address}, {"port", port}});
//   2026-11-22T23:32:27.123Z INFO  resp: listening address=127.0.0.1 port=6379
//
// Keys, values and passwords of users never go into a log line, at any level. A field's text is
// quoted and its control characters are escaped, so that what a peer sends cannot forge a line.
// The messages are for people; each is a constant, what varies goes into fields.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace duet {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError, kOff };
enum class LogFormat : uint8_t { kText, kLogfmt, kJson };

// "debug", "info", "warning", "error", "off"; also Redis' "verbose" and "notice".
std::optional<LogLevel> ParseLogLevel(std::string_view name);
std::string_view LogLevelName(LogLevel level);
// "text", "logfmt", "json".
std::optional<LogFormat> ParseLogFormat(std::string_view name);

// One key=value of a line. Lives as long as the call that it is passed to.
class LogField {
 public:
  LogField(std::string_view key, std::string_view text) : key_(key), text_(text) {}
  LogField(std::string_view key, const char* text) : key_(key), text_(text) {}
  LogField(std::string_view key, const std::string& text) : key_(key), text_(text) {}
  LogField(std::string_view key, bool value)
      : key_(key), text_(value ? "true" : "false"), bare_(true) {}
  template <typename T>
  requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
      LogField(std::string_view key, T value)
      : key_(key), number_(std::to_string(value)), bare_(true) {}

  std::string_view key() const { return key_; }
  std::string_view value() const { return number_.empty() ? text_ : std::string_view(number_); }
  // A number or a truth value: written without quotes in JSON.
  bool bare() const { return bare_; }

 private:
  std::string_view key_;
  std::string_view text_;
  std::string number_;
  bool bare_ = false;
};

using LogFields = std::initializer_list<LogField>;

// Thread-safe. Built by main, handed to whoever logs; outlives them.
class Logger {
 public:
  // Writes to stderr, a line at once. Blocks as long as stderr does.
  explicit Logger(LogLevel level = LogLevel::kInfo, LogFormat format = LogFormat::kText);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void SetLevel(LogLevel level);
  LogLevel level() const;
  bool enabled(LogLevel level) const { return level >= this->level(); }

  void Log(LogLevel level, std::string_view target, std::string_view message,
           LogFields fields = {});
  void Debug(std::string_view target, std::string_view message, LogFields fields = {}) {
    Log(LogLevel::kDebug, target, message, fields);
  }
  void Info(std::string_view target, std::string_view message, LogFields fields = {}) {
    Log(LogLevel::kInfo, target, message, fields);
  }
  void Warning(std::string_view target, std::string_view message, LogFields fields = {}) {
    Log(LogLevel::kWarning, target, message, fields);
  }
  void Error(std::string_view target, std::string_view message, LogFields fields = {}) {
    Log(LogLevel::kError, target, message, fields);
  }

  // The line that Log would write, without the time. For tests.
  static std::string FormatLine(LogFormat format, LogLevel level, std::string_view target,
                                std::string_view message, LogFields fields);

 private:
  struct Impl;  // keeps spdlog out of every file that logs
  std::unique_ptr<Impl> impl_;
};

}  // namespace duet
