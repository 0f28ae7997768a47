// The text of a setting: read, checked against its row, and printed again (config_table.h).
#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "server/api/key_event_flags.h"
#include "server/base/numbers.h"
#include "server/config_endpoint.h"
#include "server/config_output_limits.h"
#include "server/config_table.h"

namespace duet {
namespace {

struct Unit {
  std::string_view suffix;
  int64_t factor;
};

// As Redis' memtoull: k is 1000, kb is 1024.
constexpr Unit kByteUnits[] = {{"", 1},
                               {"b", 1},
                               {"k", 1000},
                               {"kb", 1024},
                               {"m", 1000 * 1000},
                               {"mb", 1024 * 1024},
                               {"g", 1000ll * 1000 * 1000},
                               {"gb", 1024ll * 1024 * 1024}};
constexpr Unit kTimeUnits[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}};

// A whole number, perhaps with a unit. Overflow is out of bounds whatever the bounds.
std::optional<SettingFault> ParseWithUnit(std::string_view text, std::span<const Unit> units,
                                          int64_t& value) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string suffix = ToLower(text.substr(digits));
  const auto unit = std::ranges::find(units, std::string_view(suffix), &Unit::suffix);
  if (digits == 0 || unit == units.end()) return SettingFault::kMalformed;
  const std::optional<int64_t> number = ParseInt64(text.substr(0, digits));
  if (!number && digits < 19) return SettingFault::kMalformed;  // leading zeros
  if (!number) return SettingFault::kOutOfBounds;
  const std::optional<int64_t> product = CheckedMultiply(*number, unit->factor);
  if (!product) return SettingFault::kOutOfBounds;
  value = *product;
  return std::nullopt;
}

std::optional<SettingFault> ParseKeyEventLetters(std::string_view text, int64_t& value) {
  const std::optional<uint32_t> events = ParseKeyEvents(text);
  if (!events) return SettingFault::kMalformed;
  value = *events;
  return std::nullopt;
}

std::optional<SettingFault> ParseLogFilter(std::string_view text, int64_t& value) {
  const std::optional<LogFilter> filter = LogFilter::Parse(text);
  if (!filter) return SettingFault::kMalformed;
  value = filter->packed();
  return std::nullopt;
}

// Redis knows one level for all, and other words for some.
std::string FormatLogFilterForRedis(const LogFilter& filter) {
  const std::optional<LogLevel> level = filter.OnlyLevel();
  if (level == LogLevel::kInfo) return "notice";
  if (level == LogLevel::kError) return "warning";
  if (level == LogLevel::kOff) return "nothing";
  return filter.ToString();
}

std::optional<SettingFault> ParseWhole(std::string_view text, int64_t& value) {
  const bool negative = text.starts_with('-');
  int64_t magnitude = 0;
  const std::optional<SettingFault> fault =
      ParseWithUnit(negative ? text.substr(1) : text, std::span(kByteUnits).first(1), magnitude);
  if (!fault) value = negative ? -magnitude : magnitude;
  return fault;
}

std::optional<SettingFault> ParseOctal(std::string_view text, int64_t& value) {
  if (text.empty() || text.find_first_not_of("01234567") != std::string_view::npos) {
    return SettingFault::kMalformed;
  }
  if (text.size() > 8) return SettingFault::kOutOfBounds;
  value = 0;
  for (const char digit : text) value = value * 8 + (digit - '0');
  return std::nullopt;
}

std::optional<SettingFault> ParseChoice(const SettingRow& row, std::string_view text,
                                        int64_t& value) {
  for (const SettingChoice& choice : row.choices) {
    if (!EqualsIgnoreCase(choice.word, text)) continue;
    value = choice.value;
    return std::nullopt;
  }
  return SettingFault::kMalformed;
}

std::optional<SettingFault> ParseNumber(const SettingRow& row, std::string_view text,
                                        int64_t& value) {
  switch (row.kind) {
    case SettingKind::kBytes:
      return ParseWithUnit(text, kByteUnits, value);
    case SettingKind::kMilliseconds:
      return ParseWithUnit(text, kTimeUnits, value);
    case SettingKind::kOctal:
      return ParseOctal(text, value);
    case SettingKind::kPort:
      if (EqualsIgnoreCase(text, "off")) {
        value = kPortOff;
        return std::nullopt;
      }
      // "off" is the only spelling of kPortOff: a number below 0 is a mistake.
      if (text.starts_with('-')) return SettingFault::kOutOfBounds;
      return ParseWhole(text, value);
    default:
      return ParseWhole(text, value);
  }
}

std::optional<SettingFault> ParseFraction(std::string_view text, const SettingRow& row,
                                          double& value) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || rest != end || std::isnan(number)) {
    return SettingFault::kMalformed;
  }
  if (number < static_cast<double>(row.min) || number > static_cast<double>(row.max)) {
    return SettingFault::kOutOfBounds;
  }
  value = number + 0.0;  // not -0
  return std::nullopt;
}

// The shortest text that reads back as the number.
std::string FormatFraction(double number) {
  char text[32];
  return {text, std::to_chars(text, std::end(text), number).ptr};
}

bool IsAddress(const std::string& host) {
  unsigned char binary[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), binary) == 1 ||
         inet_pton(AF_INET6, host.c_str(), binary) == 1;
}

// One word of a bind list. Empty: it is no address.
std::optional<BindAddress> ParseAddress(std::string_view word) {
  BindAddress address;
  address.optional = word.starts_with('-');
  if (address.optional) word.remove_prefix(1);
  address.host = word == "*" ? "0.0.0.0" : word == "::*" ? "::" : std::string(word);
  if (word == "localhost") address.host = "127.0.0.1";
  if (!IsAddress(address.host)) return std::nullopt;
  return address;
}

std::optional<SettingFault> ParseBindList(const SettingRow& row, std::string_view text,
                                          std::vector<BindAddress>& bind) {
  constexpr std::string_view kSeparators = ", ";
  std::vector<BindAddress> addresses;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(kSeparators), text.size());
    if (end > 0) {
      std::optional<BindAddress> address = ParseAddress(text.substr(0, end));
      if (!address) return SettingFault::kMalformed;
      addresses.push_back(std::move(*address));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const auto count = static_cast<int64_t>(addresses.size());
  if (count < row.min) return SettingFault::kMalformed;
  if (count > row.max) return SettingFault::kOutOfBounds;
  bind = std::move(addresses);
  return std::nullopt;
}

std::string FormatBind(const Config& config, std::string_view separator) {
  return absl::StrJoin(config.bind, absl::string_view(separator.data(), separator.size()),
                       [](std::string* out, const BindAddress& address) {
                         absl::StrAppend(out, address.optional ? "-" : "", address.host);
                       });
}

std::string FormatChoice(std::span<const SettingChoice> choices, int64_t value) {
  const auto choice = std::ranges::find(choices, value, &SettingChoice::value);
  return choice == choices.end() ? "" : std::string(choice->word);
}

}  // namespace

std::optional<int64_t> ParseBytes(std::string_view text) {
  int64_t value = 0;
  if (ParseWithUnit(text, kByteUnits, value)) return std::nullopt;
  return value;
}

std::string FormatBytes(int64_t bytes) {
  if (bytes == 0) return "0";
  for (const Unit& unit : {kByteUnits[7], kByteUnits[5], kByteUnits[3]}) {
    if (bytes % unit.factor == 0) {
      return absl::StrCat(bytes / unit.factor,
                          absl::string_view(unit.suffix.data(), unit.suffix.size()));
    }
  }
  return absl::StrCat(bytes);
}

std::optional<SettingFault> AssignSetting(const SettingRow& row, std::string_view text,
                                          Config& config) {
  if (row.kind == SettingKind::kBindList) return ParseBindList(row, text, config.bind);
  if (row.kind == SettingKind::kOutputLimits) {
    if (AssignOutputLimits(text, config)) return SettingFault::kMalformed;
    return std::nullopt;
  }
  if (row.kind == SettingKind::kNumberList) {
    const auto fault = AssignNumberList(text, *row.list, row.min, row.max, config.*row.numbers);
    if (!fault) return std::nullopt;
    return *fault == ListFault::kMalformed ? SettingFault::kMalformed : SettingFault::kOutOfBounds;
  }
  if (row.kind == SettingKind::kFraction) return ParseFraction(text, row, config.*row.fraction);
  if (row.text != nullptr) {
    // The kernel reads a path up to its first NUL, a person reads all of it.
    if (row.kind == SettingKind::kText && text.find('\0') != std::string_view::npos) {
      return SettingFault::kMalformed;
    }
    if (static_cast<int64_t>(text.size()) > row.max) return SettingFault::kOutOfBounds;
    if (row.kind == SettingKind::kEndpoint && !GrpcTargetOf(text)) return SettingFault::kMalformed;
    config.*row.text = std::string(text);
    return std::nullopt;
  }
  int64_t value = 0;
  if (row.kind == SettingKind::kChoice) {
    if (const auto fault = ParseChoice(row, text, value)) return fault;
  } else if (row.kind == SettingKind::kKeyEvents) {
    if (const auto fault = ParseKeyEventLetters(text, value)) return fault;
  } else if (row.kind == SettingKind::kLogFilter) {
    if (const auto fault = ParseLogFilter(text, value)) return fault;
  } else {
    if (const auto fault = ParseNumber(row, text, value)) return fault;
    if (value < row.min || value > row.max) return SettingFault::kOutOfBounds;
  }
  row.set_number(config, value);
  return std::nullopt;
}

std::string AllowedValues(const SettingRow& row) {
  switch (row.kind) {
    case SettingKind::kInteger:
      return absl::StrCat("a whole number from ", row.min, " to ", row.max);
    case SettingKind::kPort:
      return absl::StrCat("a port from 0 to ", row.max, ", or off");
    case SettingKind::kBytes:
      return absl::StrCat("a size from ", FormatBytes(row.min), " to ", FormatBytes(row.max),
                          " (bytes, or with kb, mb, gb)");
    case SettingKind::kMilliseconds:
      return absl::StrCat("a time from ", row.min, " to ", row.max, " milliseconds (or with s, m)");
    case SettingKind::kOctal:
      return absl::StrFormat("an octal number from %o to %o", row.min, row.max);
    case SettingKind::kChoice: {
      // Synonyms are accepted and not advertised.
      std::vector<std::string> words;
      for (const SettingChoice& choice : row.choices) {
        if (FormatChoice(row.choices, choice.value) != choice.word) continue;
        const char* const quote = choice.word.find(' ') == std::string_view::npos ? "" : "\"";
        words.push_back(absl::StrCat(quote, std::string(choice.word), quote));
      }
      return "one of " + absl::StrJoin(words, ", ");
    }
    case SettingKind::kText:
    case SettingKind::kSecret:
      return absl::StrCat("a text of at most ", row.max, " bytes");
    case SettingKind::kBindList:
      return absl::StrCat("1 to ", row.max, " IPv4 or IPv6 addresses, separated by commas");
    case SettingKind::kOutputLimits:
      return "<class> <hard limit> <soft limit> <soft seconds>, once or more";
    case SettingKind::kKeyEvents:
      return "letters of Ag$lshzxeKEtmdn, or nothing";
    case SettingKind::kLogFilter:
      return std::string(LogFilterForm());
    case SettingKind::kFraction:
      return absl::StrCat("a number from ", row.min, " to ", row.max);
    case SettingKind::kEndpoint:
      return std::string(EndpointForm());
    case SettingKind::kNumberList: {
      const std::string count = row.list->least == row.list->most
                                    ? absl::StrCat(row.list->most)
                                    : absl::StrCat(row.list->least, " to ", row.list->most);
      return absl::StrCat(count, row.list->whole ? " whole" : "", " numbers from ", row.min, " to ",
                          row.max, ", separated by spaces");
    }
  }
  return "";
}

std::string FormatSetting(const SettingRow& row, const Config& config) {
  if (row.kind == SettingKind::kBindList) return FormatBind(config, ",");
  if (row.kind == SettingKind::kOutputLimits) return FormatOutputLimits(config);
  if (row.kind == SettingKind::kNumberList) return FormatNumberList(config.*row.numbers);
  if (row.kind == SettingKind::kFraction) return FormatFraction(config.*row.fraction);
  if (row.text != nullptr) return config.*row.text;
  const int64_t value = row.get_number(config);
  switch (row.kind) {
    case SettingKind::kPort:
      return value == kPortOff ? "off" : absl::StrCat(value);
    case SettingKind::kBytes:
      return FormatBytes(value);
    case SettingKind::kOctal:
      return absl::StrFormat("%o", value);
    case SettingKind::kChoice:
      return FormatChoice(row.choices, value);
    case SettingKind::kKeyEvents:
      return FormatKeyEvents(static_cast<uint32_t>(value));
    case SettingKind::kLogFilter:
      return config.log_filter.ToString();
    default:
      return absl::StrCat(value);
  }
}

std::string FormatForRedis(const SettingRow& row, const Config& config) {
  if (row.kind == SettingKind::kBindList) return FormatBind(config, " ");
  if (row.kind == SettingKind::kOutputLimits) return FormatOutputLimitsForRedis(config);
  if (row.kind == SettingKind::kKeyEvents) return FormatKeyEventsForRedis(config.key_events);
  if (row.kind == SettingKind::kLogFilter) return FormatLogFilterForRedis(config.log_filter);
  if (row.kind == SettingKind::kBytes) return absl::StrCat(row.get_number(config));
  // Redis says 0 for a door that is closed.
  if (row.kind == SettingKind::kPort)
    return absl::StrCat(std::max<int64_t>(row.get_number(config), 0));
  return FormatSetting(row, config);
}

}  // namespace duet
