#include "server/config_output_limits.h"

#include <cstdint>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "server/base/numbers.h"
#include "server/config_table.h"

namespace duet {
namespace {

struct ClassName {
  std::string_view word;
  OutputLimit Config::*limit;
};

constexpr ClassName kClasses[] = {{"normal", &Config::output_normal},
                                  {"slave", &Config::output_replica},
                                  {"replica", &Config::output_replica},
                                  {"pubsub", &Config::output_pubsub}};
constexpr size_t kWords = 4;  // class, hard, soft, seconds

OutputLimit Config::*FindClass(std::string_view word) {
  for (const ClassName& name : kClasses) {
    if (EqualsIgnoreCase(word, name.word)) return name.limit;
  }
  return nullptr;
}

// `words` follow the class. Nothing: one of them is no number.
std::optional<OutputLimit> ParseLimit(const std::string* words) {
  constexpr int64_t kMostSeconds = std::numeric_limits<int32_t>::max();
  const std::optional<int64_t> hard = ParseBytes(words[0]);
  const std::optional<int64_t> soft = ParseBytes(words[1]);
  const std::optional<int64_t> seconds = ParseInt64(words[2]);
  if (!hard || !soft || !seconds || *seconds < 0 || *seconds > kMostSeconds) return std::nullopt;
  return OutputLimit{.hard_bytes = static_cast<uint64_t>(*hard),
                     .soft_bytes = static_cast<uint64_t>(*soft),
                     .soft_ms = *seconds * 1000};
}

template <typename Bytes>
std::string Format(const Config& config, const char* replica, Bytes bytes) {
  const auto one = [&](const char* name, const OutputLimit& limit) {
    return absl::StrCat(name, " ", bytes(static_cast<int64_t>(limit.hard_bytes)), " ",
                        bytes(static_cast<int64_t>(limit.soft_bytes)), " ", limit.soft_ms / 1000);
  };
  return absl::StrCat(one("normal", config.output_normal), " ", one(replica, config.output_replica),
                      " ", one("pubsub", config.output_pubsub));
}

}  // namespace

std::optional<std::string> AssignOutputLimits(std::string_view text, Config& config) {
  const std::vector<std::string> words =
      absl::StrSplit(std::string(text), absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.size() % kWords != 0) return "Wrong number of arguments in buffer limit configuration.";
  Config changed = config;
  for (size_t i = 0; i < words.size(); i += kWords) {
    OutputLimit Config::*const named = FindClass(words[i]);
    if (named == nullptr) return "Invalid client class specified in buffer limit configuration.";
    const std::optional<OutputLimit> limit = ParseLimit(&words[i + 1]);
    if (!limit) {
      return "Error in hard, soft or soft_seconds setting in buffer limit configuration.";
    }
    changed.*named = *limit;
  }
  config = std::move(changed);
  return std::nullopt;
}

std::string FormatOutputLimits(const Config& config) {
  return Format(config, "replica", FormatBytes);
}

std::string FormatOutputLimitsForRedis(const Config& config) {
  return Format(config, "slave", [](int64_t bytes) { return bytes; });
}

}  // namespace duet
