// The rows of the settings: one a setting, from which flags, environment variables, --help and
// CONFIG GET/SET are made.
//
// Thread-safe: immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/config.h"
#include "server/config_number_list.h"

namespace duet {

enum class SettingKind : uint8_t {
  kInteger,
  kPort,          // as kInteger from 0 on; "off" stands for kPortOff
  kBytes,         // also with redis.conf's units: k = 1000, kb = 1024, m, mb, g, gb
  kMilliseconds,  // also with ms, s, m
  kOctal,         // mode bits of a file
  kChoice,        // one of a few words
  kText,
  kSecret,        // kText that --help and logs must not show
  kBindList,      // addresses, separated by commas or spaces
  kOutputLimits,  // config_output_limits.h
  kKeyEvents,     // letters (api/key_event_flags.h)
  kLogFilter,     // base/log_filter.h
  kNumberList,    // config_number_list.h
  kFraction,      // a number from 0 to 1
  kEndpoint,      // config_endpoint.h
};

// One word of a kChoice setting and the number that it stands for. Of several words for a number
// the first is the one that is printed.
struct SettingChoice {
  std::string_view word;
  int64_t value;
};

struct SettingRow {
  std::string_view name;        // the flag without its dashes
  std::string_view redis_name;  // as CONFIG GET calls it; empty: the flag's name
  std::string_view group;       // the heading in --help
  SettingKind kind;
  int64_t min = 0;  // of numbers; of texts the length in bytes
  int64_t max = 0;
  std::string_view meaning;  // one or two sentences, what 0 means included
  bool runtime = false;      // CONFIG SET can change it, once the server has registered how

  // Exactly one of these three is set, by kind; of kNumberList `numbers` below, of kFraction
  // `fraction`. kBindList: none; it is Config::bind. kOutputLimits: none; they are
  // Config::output_*.
  int64_t (*get_number)(const Config&) = nullptr;
  void (*set_number)(Config&, int64_t) = nullptr;
  std::string Config::*text = nullptr;

  std::span<const SettingChoice> choices = {};     // of kChoice
  std::vector<double> Config::*numbers = nullptr;  // of kNumberList; min and max bound each
  const NumberListRule* list = nullptr;
  double Config::*fraction = nullptr;  // of kFraction
};

// All rows, those of a group next to each other.
std::span<const SettingRow> SettingRows();
// By flag name ("resp-port"), alias ("port") or Redis' name ("client-query-buffer-limit"), exactly.
const SettingRow* FindSetting(std::string_view name);
// The name that CONFIG GET shows.
std::string_view RedisName(const SettingRow& row);

// Why a text was refused.
enum class SettingFault : uint8_t { kMalformed, kOutOfBounds };

// Parses `text` into the row's member of `config`; leaves it as it was on a fault. A bind list
// replaces the one that was there.
[[nodiscard]] std::optional<SettingFault> AssignSetting(const SettingRow& row,
                                                        std::string_view text, Config& config);
// A whole number with one of redis.conf's units ("32mb", "1k", "17"). Nothing: it is none.
std::optional<int64_t> ParseBytes(std::string_view text);
// 65536 as 64kb, 1000 as 1000.
std::string FormatBytes(int64_t bytes);
// What AssignSetting takes, for people: "a whole number from 0 to 256".
std::string AllowedValues(const SettingRow& row);
// The value as a flag takes it.
std::string FormatSetting(const SettingRow& row, const Config& config);
// The value as CONFIG GET shows it: plain bytes, Redis' words, addresses separated by spaces.
std::string FormatForRedis(const SettingRow& row, const Config& config);

}  // namespace duet
