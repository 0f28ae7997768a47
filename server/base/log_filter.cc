#include "server/base/log_filter.h"

#include <algorithm>
#include <array>

#include "server/base/numbers.h"

namespace duet {
namespace {

constexpr uint32_t kBits = 4;
constexpr uint32_t kMask = (1u << kBits) - 1;
constexpr uint32_t kInherits = kMask;

struct LevelWord {
  std::string_view word;
  LogLevel level;
};
// Of several words for a level the first is the one that is printed.
constexpr std::array<LevelWord, 9> kLevels = {{{"debug", LogLevel::kDebug},
                                               {"info", LogLevel::kInfo},
                                               {"warning", LogLevel::kWarning},
                                               {"error", LogLevel::kError},
                                               {"off", LogLevel::kOff},
                                               {"verbose", LogLevel::kDebug},
                                               {"notice", LogLevel::kInfo},
                                               {"warn", LogLevel::kWarning},
                                               {"nothing", LogLevel::kOff}}};

constexpr std::array<std::string_view, kLogTargets> kTargets = {"server", "resp", "grpc", "auth",
                                                                "commands"};

uint32_t ShiftOf(LogTarget target) { return (static_cast<uint32_t>(target) + 1) * kBits; }

std::optional<LogTarget> ParseTarget(std::string_view name) {
  for (size_t i = 0; i < kTargets.size(); ++i) {
    if (EqualsIgnoreCase(name, kTargets[i])) return static_cast<LogTarget>(i);
  }
  return std::nullopt;
}

}  // namespace

std::optional<LogLevel> ParseLogLevel(std::string_view name) {
  const auto found = std::ranges::find_if(
      kLevels, [name](const LevelWord& level) { return EqualsIgnoreCase(name, level.word); });
  if (found == kLevels.end()) return std::nullopt;
  return found->level;
}

std::string_view LogLevelName(LogLevel level) {
  return std::ranges::find(kLevels, level, &LevelWord::level)->word;
}

std::string_view LogTargetName(LogTarget target) { return kTargets[static_cast<size_t>(target)]; }

std::string_view LogFilterForm() {
  return "debug, info, warning, error or off; after a comma also levels of server, resp, grpc, "
         "auth or commands: info,resp=debug";
}

LogFilter::LogFilter(LogLevel level) : levels_(static_cast<uint32_t>(level)) {
  for (size_t i = 0; i < kLogTargets; ++i) {
    levels_ |= kInherits << ShiftOf(static_cast<LogTarget>(i));
  }
}

LogFilter LogFilter::FromPacked(uint32_t packed) {
  LogFilter filter;
  filter.levels_ = packed;
  return filter;
}

LogLevel LogFilter::general() const { return static_cast<LogLevel>(levels_ & kMask); }

LogLevel LogFilter::LevelOf(LogTarget target) const {
  const uint32_t own = (levels_ >> ShiftOf(target)) & kMask;
  return own == kInherits ? general() : static_cast<LogLevel>(own);
}

void LogFilter::Set(LogTarget target, LogLevel level) {
  levels_ &= ~(kMask << ShiftOf(target));
  levels_ |= static_cast<uint32_t>(level) << ShiftOf(target);
}

std::optional<LogFilter> LogFilter::Parse(std::string_view text) {
  const size_t first_end = std::min(text.find(','), text.size());
  const std::optional<LogLevel> level = ParseLogLevel(text.substr(0, first_end));
  if (!level) return std::nullopt;
  LogFilter filter(*level);
  size_t at = first_end;
  while (at < text.size()) {
    const size_t end = std::min(text.find(',', at + 1), text.size());
    const std::string_view item = text.substr(at + 1, end - at - 1);
    const size_t equals = item.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::optional<LogTarget> target = ParseTarget(item.substr(0, equals));
    const std::optional<LogLevel> own = ParseLogLevel(item.substr(equals + 1));
    if (!target || !own) return std::nullopt;
    filter.Set(*target, *own);
    at = end;
  }
  return filter;
}

std::optional<LogLevel> LogFilter::OnlyLevel() const {
  for (size_t i = 0; i < kLogTargets; ++i) {
    if (LevelOf(static_cast<LogTarget>(i)) != general()) return std::nullopt;
  }
  return general();
}

std::string LogFilter::ToString() const {
  std::string text(LogLevelName(general()));
  for (size_t i = 0; i < kLogTargets; ++i) {
    const auto target = static_cast<LogTarget>(i);
    if (LevelOf(target) == general()) continue;
    text.append(",").append(LogTargetName(target)).append("=");
    text.append(LogLevelName(LevelOf(target)));
  }
  return text;
}

}  // namespace duet
