// Which log lines are wanted: those of a level and above, and of some targets other ones.
//
//   info                    everything of info and above
//   info,resp=debug         and of the RESP door also debug
//   off,server=warning      nothing but the server's own warnings and errors
//
// The form is that of RUST_LOG (https://docs.rs/env_logger).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace duet {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError, kOff };

// Who speaks.
enum class LogTarget : uint8_t {
  kServer,    // start, drain, settings
  kResp,      // RESP connections
  kGrpc,      // gRPC calls
  kAuth,      // who was let in, and who was not
  kCommands,  // commands that stand out
};
inline constexpr size_t kLogTargets = 5;

// "debug", "info", "warning", "error", "off"; also Redis' words "verbose", "notice", "nothing".
std::optional<LogLevel> ParseLogLevel(std::string_view name);
std::string_view LogLevelName(LogLevel level);
// "server", "resp", ...
std::string_view LogTargetName(LogTarget target);
// What Parse takes, for people.
std::string_view LogFilterForm();

// Thread-compatible: a value of four bytes.
class LogFilter {
 public:
  LogFilter() : LogFilter(LogLevel::kInfo) {}
  explicit LogFilter(LogLevel level);
  // Nothing: `text` is none.
  static std::optional<LogFilter> Parse(std::string_view text);
  // The same filter as a number, and back.
  uint32_t packed() const { return levels_; }
  static LogFilter FromPacked(uint32_t packed);

  LogLevel LevelOf(LogTarget target) const;
  bool Wants(LogTarget target, LogLevel level) const { return level >= LevelOf(target); }
  // The level, if all targets have the same.
  std::optional<LogLevel> OnlyLevel() const;
  // Parse of it gives the same filter.
  std::string ToString() const;

 private:
  void Set(LogTarget target, LogLevel level);
  LogLevel general() const;

  // Bits 0..3: the general level; then four bits a target, kInherits where it has the general one.
  uint32_t levels_;
};

}  // namespace duet
