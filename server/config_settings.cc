#include "server/config_settings.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <span>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "server/base/check.h"
#include "server/base/glob.h"
#include "server/base/numbers.h"
#include "server/base/text_file.h"
#include "server/config_file.h"
#include "server/config_fixed.h"
#include "server/config_output_limits.h"

namespace duet {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kImmutable = "can't set immutable config";

// Why a parameter takes no value at all. Empty: it takes some.
std::string_view WhyClosed(const FixedParameter* fixed) {
  if (fixed == nullptr) return "";
  if (fixed->kind == FixedParameter::Kind::kImmutable) return kImmutable;
  if (fixed->kind == FixedParameter::Kind::kProtected) return "can't set protected config";
  return "";
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
  if (row.kind == SettingKind::kFraction) return "argument must be " + AllowedValues(row);
  if (row.kind == SettingKind::kLogFilter) return "argument must be " + AllowedValues(row);
  if (row.kind == SettingKind::kNumberList) {
    const bool malformed = fault == SettingFault::kMalformed;
    return std::string(malformed ? row.list->malformed : row.list->out_of_bounds);
  }
  if (row.kind == SettingKind::kChoice) {
    std::set<std::string> seen;
    std::vector<std::string> words;
    const auto& choices = row.choices;
    for (const SettingChoice& choice : choices) {
      if (seen.emplace(choice.word).second) words.emplace_back(choice.word);
    }
    return "argument(s) must be one of the following: " + absl::StrJoin(words, ", ");
  }
  if (row.text != nullptr) return "argument must be " + AllowedValues(row);
  // A number beyond int64 is none to Redis.
  const bool is_none = row.kind == SettingKind::kInteger && !ParseInt64(value);
  if (fault == SettingFault::kOutOfBounds && !is_none) {
    return absl::StrCat("argument must be between ", row.min, " and ", row.max, " inclusive");
  }
  return row.kind == SettingKind::kBytes ? "argument must be a memory value"
                                         : "argument couldn't be parsed into an integer";
}

// The directory that the process runs in; empty if it is gone.
std::string WorkingDirectory() {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::current_path(error);
  return error ? std::string() : path.string();
}

bool HasPattern(std::string_view text) { return text.find_first_of("*?[") != text.npos; }

}  // namespace

ConfigSettings::ConfigSettings(Config config)
    : directory_(WorkingDirectory()), start_(config), config_(std::move(config)) {}

std::string ConfigSettings::FixedValue(const FixedParameter& fixed) const {
  return fixed.name == "dir" ? directory_ : std::string(fixed.value);
}

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
  for (const FixedParameter& fixed : FixedParameters()) {
    if (fixed.kind == FixedParameter::Kind::kHidden && HasPattern(pattern)) continue;
    if (GlobMatch(pattern, fixed.name, true)) matches.emplace_back(fixed.name, FixedValue(fixed));
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
  if (const FixedParameter* fixed = FindFixedParameter(name)) return FixedValue(*fixed);
  const SettingRow* row = FindSetting(name);
  if (row == nullptr) return "";
  absl::MutexLock lock(&mutex_);
  return FormatForRedis(*row, config_);
}

int64_t ConfigSettings::Number(std::string_view name) const {
  if (const FixedParameter* fixed = FindFixedParameter(name)) {
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
    const FixedParameter* fixed = FindFixedParameter(name);
    const SettingRow* row = fixed == nullptr ? FindSetting(name) : nullptr;
    if (fixed == nullptr && row == nullptr) {
      return MakeError(
          ErrorCode::kSyntax,
          "ERR Unknown option or number of arguments for CONFIG SET - '" + given_name + "'");
    }
    if (const std::string_view why = WhyClosed(fixed); !why.empty()) {
      return SetFailed(given_name, why);
    }
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

// Puts one value into `changed`. A setting that nothing can change at run time takes its own value,
// so that a client may write back what it has read.
std::optional<Error> ConfigSettings::Assign(const std::string& given_name, const std::string& value,
                                            Config& changed,
                                            std::vector<const SettingRow*>& rows) const {
  const std::string name = ToLower(given_name);
  if (const FixedParameter* fixed = FindFixedParameter(name)) {
    const std::string only = FixedValue(*fixed);
    if (EqualsIgnoreCase(only, value)) return std::nullopt;
    return SetFailed(given_name, "this server supports no value but '" + only + "'");
  }
  const SettingRow* row = FindSetting(name);
  if (!apply_.contains(row)) {
    if (FormatForRedis(*row, config_) == value) return std::nullopt;
    return SetFailed(given_name, kImmutable);
  }
  if (const std::optional<SettingFault> fault = AssignSetting(*row, value, changed)) {
    return SetFailed(given_name, WhyRefused(*row, *fault, value));
  }
  rows.push_back(row);
  return std::nullopt;
}

std::optional<Error> ConfigSettings::Set(const Pairs& pairs) {
  absl::MutexLock lock(&mutex_);
  if (std::optional<Error> error = CheckNames(pairs)) return error;
  Config changed = config_;
  std::vector<const SettingRow*> rows;
  for (const auto& [name, value] : pairs) {
    if (std::optional<Error> error = Assign(name, value, changed, rows)) return error;
  }
  if (std::optional<Error> error = ApplyAll(rows, changed)) return error;
  config_ = std::move(changed);
  return std::nullopt;
}

// What the file should say: what CONFIG SET may have changed is as it is now, and all else as it
// was given, rather than as the server found it (ports, threads). A password stays where it came
// from, which may be the environment or a file of its own, until CONFIG SET gives another one.
absl::StatusOr<Config> ConfigSettings::WantedInFile(std::string_view text) const {
  Config said;
  if (absl::Status read = ApplyConfigText(config_.config_file, text, said); !read.ok()) return read;
  Config wanted = start_;
  wanted.password_file = said.password_file;
  for (const auto& [row, apply] : apply_) {
    const std::optional<SettingFault> fault =
        AssignSetting(*row, FormatSetting(*row, config_), wanted);
    DUET_CHECK(!fault, "a setting does not read back");
  }
  if (config_.password == start_.password) {
    wanted.password = said.password;
  } else {
    wanted.password_file.clear();
  }
  return wanted;
}

std::optional<Error> ConfigSettings::RewriteBlocking(RewriteScope scope) {
  absl::MutexLock lock(&mutex_);
  const std::string& path = config_.config_file;
  if (path.empty()) {
    return MakeError(ErrorCode::kGeneric, "ERR The server is running without a config file");
  }
  absl::StatusOr<std::string> text = ReadFileBlocking(path, kMaxConfigFileBytes);
  if (absl::IsNotFound(text.status())) text = "";
  absl::Status done = text.status();
  if (done.ok()) {
    const absl::StatusOr<Config> wanted = WantedInFile(*text);
    text = wanted.ok() ? RewriteConfigText(path, *text, *wanted, scope) : wanted.status();
    done = text.ok() ? ReplaceFileBlocking(path, *text) : text.status();
  }
  if (done.ok()) return std::nullopt;
  return MakeError(ErrorCode::kGeneric,
                   absl::StrCat("ERR Rewriting config file: ", done.message()));
}

}  // namespace duet
