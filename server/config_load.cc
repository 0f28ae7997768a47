// The configuration as main needs it: with the files that it names.
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

#include "server/base/text_file.h"
#include "server/config.h"
#include "server/config_file.h"
#include "server/config_table.h"

namespace duet {

absl::Status LoadPasswordFileBlocking(Config& config) {
  if (config.password_file.empty()) return absl::OkStatus();
  const SettingRow& row = *FindSetting("requirepass");
  // What a password may have, and "\r\n".
  absl::StatusOr<std::string> text =
      ReadFileBlocking(config.password_file, static_cast<size_t>(row.max) + 2);
  if (!text.ok() && !absl::IsOutOfRange(text.status())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot read --requirepass-file ", config.password_file, ": ", text.status().message()));
  }
  if (text.ok() && text->ends_with('\n')) text->pop_back();
  if (text.ok() && text->ends_with('\r')) text->pop_back();
  if (!text.ok() || text->empty() || text->find_first_of({"\n\0", 2}) != std::string::npos ||
      AssignSetting(row, *text, config)) {
    return absl::InvalidArgumentError(absl::StrCat("--requirepass-file ", config.password_file,
                                                   " must hold one line of 1 to ", row.max,
                                                   " bytes"));
  }
  return absl::OkStatus();
}

namespace {

absl::StatusOr<Config> WithFile(const std::string& path, std::span<const std::string> args,
                                const Environment& env) {
  const absl::StatusOr<std::string> text = ReadConfigFileBlocking(path);
  if (!text.ok()) return text.status();
  const ConfigText file{.path = path, .text = *text};
  absl::StatusOr<Config> config = ParseConfig(args, env, &file);
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (config.ok() && !error) config->config_file = absolute.string();
  return config;
}

}  // namespace

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
  absl::StatusOr<std::string> path = ConfigFileOf(args, env);
  if (!path.ok()) return path.status();
  absl::StatusOr<Config> config =
      path->empty() ? ParseConfig(args, env) : WithFile(*path, args, env);
  if (!config.ok()) return config;
  if (absl::Status status = LoadPasswordFileBlocking(*config); !status.ok()) return status;
  return config;
}

}  // namespace duet
