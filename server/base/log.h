// Structured events: a level, who speaks (target), a sentence, and key=value fields.
//
//   log.Info(LogTarget::kResp, "listening", {{"address", address}, {"port", port}});
//   2026-11-22T23:32:27.123Z INFO  resp: listening address=127.0.0.1 port=6379
//
// Keys, values and passwords of users never go into a log line, at any level. A field's text is
// quoted and its control characters are escaped, so that what a peer sends cannot forge a line.
// The messages are for people; each is a constant, what varies goes into fields.
//
// Nobody waits for the log: a thread of its own writes the lines; where it cannot keep up the
// oldest ones go, and where a place in the code repeats itself its lines are held back
// (rate_limit.h). Both are counted.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/types/span.h"

#include "server/base/clock.h"
#include "server/base/log_filter.h"
#include "server/base/rate_limit.h"

namespace duet {

enum class LogFormat : uint8_t { kText, kLogfmt, kJson };

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

using LogFields = absl::Span<const LogField>;  // takes a list in braces, and an array

// What was logged since the start.
struct LogFigures {
  std::array<uint64_t, 4> lines{};  // written or waiting to be, by LogLevel
  uint64_t dropped = 0;             // the oldest, because the writer could not keep up
  uint64_t held_back = 0;           // repetitions
};

// Thread-safe. Built by the composition root, handed to whoever logs; outlives them.
class Logger {
 public:
  // Writes to stderr, a line at once.
  explicit Logger(LogFilter filter = LogFilter(), LogFormat format = LogFormat::kText);
  // Writes what still waits.
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void SetFilter(LogFilter filter) { filter_.store(filter.packed(), std::memory_order_relaxed); }
  bool enabled(LogTarget target, LogLevel level) const {
    return LogFilter::FromPacked(filter_.load(std::memory_order_relaxed)).Wants(target, level);
  }

  // `message` is a string literal. Never blocks.
  void Log(LogLevel level, LogTarget target, std::string_view message, LogFields fields = {});
  void Debug(LogTarget target, std::string_view message, LogFields fields = {}) {
    Log(LogLevel::kDebug, target, message, fields);
  }
  void Info(LogTarget target, std::string_view message, LogFields fields = {}) {
    Log(LogLevel::kInfo, target, message, fields);
  }
  void Warning(LogTarget target, std::string_view message, LogFields fields = {}) {
    Log(LogLevel::kWarning, target, message, fields);
  }
  void Error(LogTarget target, std::string_view message, LogFields fields = {}) {
    Log(LogLevel::kError, target, message, fields);
  }

  LogFigures figures() const;

  // The line that Log would write, without the time. For tests.
  static std::string FormatLine(LogFormat format, LogLevel level, LogTarget target,
                                std::string_view message, LogFields fields, uint64_t held_back = 0);

 private:
  struct Impl;  // keeps spdlog out of every file that logs

  std::atomic<uint32_t> filter_;  // LogFilter::packed
  const LogFormat format_;
  SystemClock clock_;
  LineRateLimit rate_limit_;
  std::array<std::atomic<uint64_t>, 4> lines_{};
  std::unique_ptr<Impl> impl_;
};

}  // namespace duet
