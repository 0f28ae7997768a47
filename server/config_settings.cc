#include "server/config_settings.h"

#include <algorithm>
#include <set>
#include <span>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "server/base/check.h"
#include "server/base/glob.h"
#include "server/base/numbers.h"
#include "server/config_output_limits.h"

namespace duet {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// A parameter of Redis with the one value that describes this server.
struct FixedParameter {
  std::string_view name;
  std::string_view value;
  bool immutable = false;  // in Redis too: it has another error line
};

// What clients, dashboards and redis_exporter ask for. Each must stay true.
constexpr FixedParameter kFixed[] = {
    {"activedefrag", "no"},
    {"appendonly", "no"},
    {"cluster-enabled", "no", true},
    {"daemonize", "no", true},
    {"databases", "16", true},
    {"latency-monitor-threshold", "0"},
    {"logfile", "", true},
    {"maxmemory", "0"},
    {"maxmemory-policy", "noeviction"},
    {"protected-mode", "no"},
    {"replicaof", "", true},
    {"save", ""},
    {"slaveof", "", true},
    {"slowlog-log-slower-than", "-1"},
    {"slowlog-max-len", "0"},
    {"supervised", "no", true},
    {"tls-port", "0"},
};

const FixedParameter* FindFixed(std::string_view name) {
  const auto fixed = std::ranges::find(kFixed, name, &FixedParameter::name);
  return fixed == std::end(kFixed) ? nullptr : &*fixed;
}

Error SetFailed(std::string_view name, std::string_view why) {
  return MakeError(ErrorCode::kSyntax, "ERR CONFIG SET failed (possibly related to argument '" +
                                           std::string(name) + "') - " + std::string(why));
}

// Redis' words for a value that a row refuses.
std::string WhyRefused(const SettingRow& row, SettingFault fault, std::string_view value) {
  if (row.kind == SettingKind::kKeyEvents) {
    return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
  }
  if (row.kind == SettingKind::kOutputLimits) {
    Config unused;
    return AssignOutputLimits(value, unused).value_or("");
  }
  if (row.kind == SettingKind::kChoice) {
    std::set<std::string> seen;
    std::vector<std::string> words;
    const auto& choices = row.redis_choices.empty() ? row.choices : row.redis_choices;
    for (const SettingChoice& choice : choices) {
      if (seen.emplace(choice.word).second) words.emplace_back(choice.word);
    }
    return "argument(s) must be one of the following: " + absl::StrJoin(words, ", ");
  }
  if (row.text != nullptr) return "argument must be " + AllowedValues(row);
  if (fault == SettingFault::kOutOfBounds) {
    return absl::StrCat("argument must be between ", row.min, " and ", row.max, " inclusive");
  }
  return row.kind == SettingKind::kBytes ? "argument must be a memory value"
                                         : "argument couldn't be parsed into an integer";
}

}  // namespace

void ConfigSettings::OnChange(std::string_view name, Apply apply) {
  const SettingRow* row = FindSetting(name);
  DUET_CHECK(row != nullptr && row->runtime, "not a setting that changes at run time");
  absl::MutexLock lock(&mutex_);
  DUET_CHECK(apply_.emplace(row, std::move(apply)).second, "registered twice");
}

void ConfigSettings::Report(std::string_view name, int64_t value) {
  const SettingRow* row = FindSetting(name);
  DUET_CHECK(row != nullptr && row->set_number != nullptr, "not a setting with a number");
  absl::MutexLock lock(&mutex_);
  row->set_number(config_, value);
}

Config ConfigSettings::config() const {
  absl::MutexLock lock(&mutex_);
  return config_;
}

Pairs ConfigSettings::Get(std::string_view pattern) const {
  Pairs matches;
  for (const FixedParameter& fixed : kFixed) {
    if (GlobMatch(pattern, fixed.name, true)) matches.emplace_back(fixed.name, fixed.value);
  }
  absl::MutexLock lock(&mutex_);
  for (const SettingRow& row : SettingRows()) {
    const std::string_view name = RedisName(row);
    if (GlobMatch(pattern, name, true)) matches.emplace_back(name, FormatForRedis(row, config_));
  }
  std::ranges::sort(matches);
  return matches;
}

std::string ConfigSettings::Value(std::string_view name) const {
  if (const FixedParameter* fixed = FindFixed(name)) return std::string(fixed->value);
  const SettingRow* row = FindSetting(name);
  if (row == nullptr) return "";
  absl::MutexLock lock(&mutex_);
  return FormatForRedis(*row, config_);
}

int64_t ConfigSettings::Number(std::string_view name) const {
  if (const FixedParameter* fixed = FindFixed(name)) {
    return ParseInt64(fixed->value).value_or(0);
  }
  const SettingRow* row = FindSetting(name);
  if (row == nullptr || row->get_number == nullptr) return 0;
  absl::MutexLock lock(&mutex_);
  return row->get_number(config_);
}

// As Redis: all names are looked at before any value.
std::optional<Error> ConfigSettings::CheckNames(const Pairs& pairs) const {
  std::set<std::string> seen;
  for (const auto& [given_name, value] : pairs) {
    const std::string name = ToLower(given_name);
    const FixedParameter* fixed = FindFixed(name);
    const SettingRow* row = fixed == nullptr ? FindSetting(name) : nullptr;
    if (fixed == nullptr && row == nullptr) {
      return MakeError(
          ErrorCode::kSyntax,
          "ERR Unknown option or number of arguments for CONFIG SET - '" + given_name + "'");
    }
    const bool immutable = fixed != nullptr ? fixed->immutable : !apply_.contains(row);
    if (immutable) return SetFailed(given_name, "can't set immutable config");
    if (!seen.insert(row != nullptr ? std::string(row->name) : name).second) {
      return SetFailed(given_name, "duplicate parameter");
    }
  }
  return std::nullopt;
}

std::optional<Error> ConfigSettings::ApplyAll(const std::vector<const SettingRow*>& rows,
                                              const Config& changed) {
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::optional<std::string> complaint = apply_.at(rows[i])(changed);
    if (!complaint) continue;
    // All or none: those before it go back to how they were.
    for (size_t j = i; j-- > 0;) apply_.at(rows[j])(config_);
    return SetFailed(RedisName(*rows[i]), *complaint);
  }
  return std::nullopt;
}

std::optional<Error> ConfigSettings::Set(const Pairs& pairs) {
  absl::MutexLock lock(&mutex_);
  if (std::optional<Error> error = CheckNames(pairs)) return error;
  Config changed = config_;
  std::vector<const SettingRow*> rows;
  for (const auto& [given_name, value] : pairs) {
    const std::string name = ToLower(given_name);
    if (const FixedParameter* fixed = FindFixed(name)) {
      if (EqualsIgnoreCase(fixed->value, value)) continue;
      return SetFailed(given_name,
                       "this server supports no value but '" + std::string(fixed->value) + "'");
    }
    const SettingRow* row = FindSetting(name);
    if (const std::optional<SettingFault> fault = AssignSetting(*row, value, changed)) {
      return SetFailed(given_name, WhyRefused(*row, *fault, value));
    }
    rows.push_back(row);
  }
  if (std::optional<Error> error = ApplyAll(rows, changed)) return error;
  config_ = std::move(changed);
  return std::nullopt;
}

}  // namespace duet
