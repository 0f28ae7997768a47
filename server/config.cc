#include "server/config.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "server/config_table.h"

#ifndef DUET_VERSION
#define DUET_VERSION "0.1.0"
#endif

namespace duet {
namespace {

// absl's string_view is a type of its own in Debian's build.
std::string Str(std::string_view text) { return std::string(text); }

std::string FlagName(const SettingRow& row) { return "--" + Str(row.name); }

// "max-args" -> "DUET_MAX_ARGS".
std::string EnvironmentName(const SettingRow& row) {
  std::string name = "DUET_";
  for (const char c : row.name) {
    const bool lower = c >= 'a' && c <= 'z';
    name += c == '-' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

// How many letters to insert, drop, change or swap to make `b` of `a`.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

// The flag that was probably meant; empty where none is near.
std::string NearestFlag(std::string_view name) {
  if (name.size() > 64) return "";
  std::vector<std::string_view> known = {"port", "help", "version"};
  for (const SettingRow& row : SettingRows()) {
    known.push_back(row.name);
    known.push_back(RedisName(row));
  }
  std::string_view nearest;
  size_t nearest_distance = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const size_t distance = EditDistance(name, candidate);
    if (distance >= nearest_distance) continue;
    nearest = candidate;
    nearest_distance = distance;
  }
  return Str(nearest);
}

absl::Status UnknownFlag(std::string_view name) {
  std::string line = "unknown flag --" + Str(name);
  const std::string nearest = NearestFlag(name);
  absl::StrAppend(
      &line, nearest.empty() ? "; --help lists them all" : "; did you mean --" + nearest + "?");
  return absl::InvalidArgumentError(line);
}

// `where` is how the user named the setting: "--threads", "DUET_THREADS".
absl::Status InvalidValue(const SettingRow& row, std::string_view where, std::string_view text) {
  const std::string shown =
      row.kind == SettingKind::kSecret ? "invalid value" : "invalid value '" + Str(text) + "'";
  return absl::InvalidArgumentError(
      absl::StrCat(shown, " for ", Str(where), ": must be ", AllowedValues(row)));
}

// Kubernetes' and Docker's variables for a Service beside us, which are no settings of ours.
bool IsServiceLink(const SettingRow& row, std::string_view text) {
  return row.kind == SettingKind::kPort && text.starts_with("tcp://");
}

absl::Status ReadEnvironment(const Environment& env, Config& config) {
  for (const SettingRow& row : SettingRows()) {
    const std::string name = EnvironmentName(row);
    const auto variable = env.find(name);
    if (variable == env.end() || IsServiceLink(row, variable->second)) continue;
    if (AssignSetting(row, variable->second, config)) {
      return InvalidValue(row, name, variable->second);
    }
  }
  return absl::OkStatus();
}

// Reads the flags one after the other into a Config.
class FlagReader {
 public:
  FlagReader(std::span<const std::string> args, Config& config) : args_(args), config_(config) {}

  absl::Status Read() {
    while (next_ < args_.size() && config_.action == Config::Action::kServe) {
      if (absl::Status status = ReadOne(args_[next_++]); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ReadOne(std::string_view arg) {
    if (arg == "--help" || arg == "-h") {
      config_.action = Config::Action::kHelp;
      return absl::OkStatus();
    }
    if (arg == "--version" || arg == "-v") {
      config_.action = Config::Action::kVersion;
      return absl::OkStatus();
    }
    if (!arg.starts_with("--") || arg.size() == 2) {
      return absl::InvalidArgumentError("unexpected argument '" + Str(arg) +
                                        "'; settings are given as --name value");
    }
    arg.remove_prefix(2);
    const size_t equals = arg.find('=');
    const std::string_view name = arg.substr(0, equals);
    const SettingRow* row = FindSetting(name);
    if (row == nullptr) return UnknownFlag(name);
    if (equals != std::string_view::npos) return Assign(*row, name, arg.substr(equals + 1));
    if (next_ == args_.size() || args_[next_].starts_with("--")) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", Str(name), " needs a value: ", AllowedValues(*row)));
    }
    return Assign(*row, name, args_[next_++]);
  }

  absl::Status Assign(const SettingRow& row, std::string_view name, std::string_view text) {
    // The first --bind replaces the default or the environment's, further ones add to it.
    std::string joined;
    if (row.kind == SettingKind::kBindList) {
      if (!bind_.empty()) joined = bind_ + ",";
      text = bind_ = joined + Str(text);
    }
    if (AssignSetting(row, text, config_)) return InvalidValue(row, "--" + Str(name), text);
    return absl::OkStatus();
  }

  const std::span<const std::string> args_;
  Config& config_;
  size_t next_ = 0;
  std::string bind_;  // what all --bind so far said
};

// What no row can know.
absl::Status CheckTogether(const Config& config) {
  const std::pair<const char*, int> doors[] = {{"--resp-port", config.resp_port},
                                               {"--grpc-port", config.grpc_port},
                                               {"--admin-port", config.admin_port}};
  for (const auto& [name, port] : doors) {
    for (const auto& [other, other_port] : doors) {
      if (name == other) break;
      if (port > 0 && port == other_port) {
        return absl::InvalidArgumentError(
            absl::StrCat(name, " ", port, " is taken by ", other, "; give each door its own port"));
      }
    }
  }
  if (config.resp_port == kPortOff && config.grpc_port == kPortOff && config.unix_socket.empty()) {
    return absl::InvalidArgumentError(
        "--resp-port and --grpc-port are both off: there is no door left to serve at");
  }
  if (!config.password.empty() && !config.password_file.empty()) {
    return absl::InvalidArgumentError("give --requirepass or --requirepass-file, not both");
  }
  return absl::OkStatus();
}

void AppendWrapped(std::string& out, std::string_view text, size_t indent, size_t width) {
  size_t column = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (column > 0 && indent + column + 1 + end > width) {
      out.append("\n").append(indent, ' ');
      column = 0;
    }
    if (column > 0) out.append(" "), ++column;
    out.append(text.substr(0, end));
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out.append("\n");
}

std::string DefaultText(const SettingRow& row) {
  const std::string value = FormatSetting(row, Config{});
  return value.empty() ? "none" : value;
}

}  // namespace

absl::StatusOr<Config> ParseConfig(std::span<const std::string> args, const Environment& env) {
  Config config;
  if (absl::Status status = ReadEnvironment(env, config); !status.ok()) {
    // A broken environment must not keep anybody from --help.
    Config asked;
    if (FlagReader(args, asked).Read().ok() && asked.action != Config::Action::kServe) return asked;
    return status;
  }
  if (absl::Status status = FlagReader(args, config).Read(); !status.ok()) return status;
  if (config.action != Config::Action::kServe) return config;
  if (absl::Status status = CheckTogether(config); !status.ok()) return status;
  return config;
}

absl::Status LoadPasswordFileBlocking(Config& config) {
  if (config.password_file.empty()) return absl::OkStatus();
  const SettingRow& row = *FindSetting("requirepass");
  FILE* file = std::fopen(config.password_file.c_str(), "re");
  // One byte more than a password may have, and "\r\n".
  std::string text(static_cast<size_t>(row.max) + 3, '\0');
  size_t size = 0;
  bool failed = file == nullptr;
  if (file != nullptr) {
    size = std::fread(text.data(), 1, text.size(), file);
    failed = std::ferror(file) != 0;
  }
  const int error = errno;
  if (file != nullptr) std::fclose(file);
  if (failed) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot read --requirepass-file ", config.password_file, ": ", std::strerror(error)));
  }
  text.resize(size);
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty() || text.find('\n') != std::string::npos || AssignSetting(row, text, config)) {
    return absl::InvalidArgumentError(absl::StrCat("--requirepass-file ", config.password_file,
                                                   " must hold one line of 1 to ", row.max,
                                                   " bytes"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Config> LoadConfigBlocking(int argc, const char* const* argv,
                                          const char* const* environ) {
  std::vector<std::string> args;
  for (int i = 1; i < argc; ++i) args.emplace_back(argv[i]);
  Environment env;
  for (; environ != nullptr && *environ != nullptr; ++environ) {
    const std::string_view variable = *environ;
    const size_t equals = variable.find('=');
    if (equals == std::string_view::npos) continue;
    env.emplace(variable.substr(0, equals), variable.substr(equals + 1));
  }
  absl::StatusOr<Config> config = ParseConfig(args, env);
  if (!config.ok() || config->action != Config::Action::kServe) return config;
  if (absl::Status status = LoadPasswordFileBlocking(*config); !status.ok()) return status;
  return config;
}

std::string HelpText() {
  constexpr size_t kColumn = 6;
  constexpr size_t kWidth = 96;
  std::string help =
      "Usage: duet-server [--name value | --name=value]...\n"
      "\n"
      "A key-value service with two doors, gRPC and RESP (the Redis protocol), in front of one\n"
      "store. Each setting is also read from the environment: --max-args from DUET_MAX_ARGS; the\n"
      "flag wins.\n";
  std::string_view group;
  for (const SettingRow& row : SettingRows()) {
    if (row.group != group) absl::StrAppend(&help, "\n", Str(group = row.group), "\n");
    absl::StrAppend(&help, "  ", FlagName(row), " (default ", DefaultText(row), ")\n");
    help.append(kColumn, ' ');
    std::string meaning = Str(row.meaning);
    if (row.kind != SettingKind::kText && row.kind != SettingKind::kSecret) {
      std::string allowed = AllowedValues(row);
      allowed[0] = static_cast<char>(allowed[0] >= 'a' ? allowed[0] - 'a' + 'A' : allowed[0]);
      absl::StrAppend(&meaning, " ", allowed, ".");
    }
    AppendWrapped(help, meaning, kColumn, kWidth);
  }
  absl::StrAppend(&help, "\nOther\n  --version\n      Print the version and exit.\n",
                  "  --help\n      Print this and exit.\n");
  return help;
}

std::string VersionText() { return "duet-server " DUET_VERSION "\n"; }

std::string_view Version() { return DUET_VERSION; }

}  // namespace duet
