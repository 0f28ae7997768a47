#include "server/config_environment.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

#include "server/config_messages.h"
#include "server/config_table.h"

namespace duet {
namespace {

constexpr std::string_view kPrefix = "DUET_";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "DUET_MAX_ARGS" -> "max-args".
std::string SettingName(std::string_view variable) {
  std::string name(variable.substr(kPrefix.size()));
  for (char& c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    c = c == '_' ? '-' : upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name;
}

// "max-args" -> "DUET_MAX_ARGS".
std::string VariableName(std::string_view setting) {
  std::string name(kPrefix);
  for (const char c : setting) {
    const bool lower = c >= 'a' && c <= 'z';
    name += c == '-' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

// "..._PORT_6379_TCP" and what may follow.
bool NamesPortOfService(std::string_view variable) {
  constexpr std::string_view kPort = "_PORT_";
  for (size_t at = variable.find(kPort); at != variable.npos; at = variable.find(kPort, at + 1)) {
    std::string_view rest = variable.substr(at + kPort.size());
    const auto digits = std::ranges::find_if_not(rest, IsDigit) - rest.begin();
    rest.remove_prefix(static_cast<size_t>(digits));
    if (digits > 0 && (rest.starts_with("_TCP") || rest.starts_with("_UDP"))) return true;
  }
  return false;
}

bool IsServiceLink(std::string_view variable, std::string_view value) {
  return variable.find("_SERVICE_HOST") != variable.npos ||
         variable.find("_SERVICE_PORT") != variable.npos || NamesPortOfService(variable) ||
         (variable.ends_with("_PORT") &&
          (value.starts_with("tcp://") || value.starts_with("udp://")));
}

std::string UnknownVariable(const std::string& variable) {
  const std::string nearest = NearestSetting(SettingName(variable));
  return absl::StrCat("unknown variable ", variable,
                      nearest.empty() ? "; --help lists all settings" : "; did you mean ",
                      nearest.empty() ? "" : VariableName(nearest), nearest.empty() ? "" : "?");
}

}  // namespace

absl::Status ReadEnvironment(const Environment& env, Config& config) {
  for (auto entry = env.lower_bound(kPrefix);
       entry != env.end() && entry->first.starts_with(kPrefix); ++entry) {
    const auto& [variable, value] = *entry;
    if (IsServiceLink(variable, value)) continue;
    const SettingRow* row = FindSetting(SettingName(variable));
    // DUET_maxclients is none: a variable has one spelling.
    if (row == nullptr || VariableName(SettingName(variable)) != variable) {
      return absl::InvalidArgumentError(UnknownVariable(variable));
    }
    if (AssignSetting(*row, value, config)) {
      return absl::InvalidArgumentError(InvalidValue(*row, variable, value));
    }
  }
  return absl::OkStatus();
}

}  // namespace duet
