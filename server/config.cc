#include "server/config.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"

#include "server/config_environment.h"
#include "server/config_file.h"
#include "server/config_messages.h"
#include "server/config_table.h"

namespace duet {
namespace {

// absl's string_view is a type of its own in Debian's build.
std::string Str(std::string_view text) { return std::string(text); }

absl::Status UnknownFlag(std::string_view name) {
  std::string line = "unknown flag --" + Str(name);
  const std::string nearest = NearestFlag(name);
  absl::StrAppend(
      &line, nearest.empty() ? "; --help lists them all" : "; did you mean --" + nearest + "?");
  return absl::InvalidArgumentError(line);
}

// False: it is asked for something that no setting matters to.
bool ReadsSettings(const Config& config) {
  return config.action != Config::Action::kHelp && config.action != Config::Action::kVersion;
}

// Reads the flags one after the other into a Config.
class FlagReader {
 public:
  FlagReader(std::span<const std::string> args, Config& config) : args_(args), config_(config) {}

  absl::Status Read() {
    while (next_ < args_.size() && ReadsSettings(config_)) {
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
    if (arg == "--check-config") {
      config_.action = Config::Action::kCheck;
      return absl::OkStatus();
    }
    if (arg == "--healthcheck") {
      config_.action = Config::Action::kHealthcheck;
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
    if (!AssignSetting(row, text, config_)) return absl::OkStatus();
    return absl::InvalidArgumentError(InvalidValue(row, "--" + Str(name), text));
  }

  const std::span<const std::string> args_;
  Config& config_;
  size_t next_ = 0;
  std::string bind_;  // what all --bind so far said
};

// One of the places that settings come from, while it is read: of the password and its file it may
// give one, which replaces whatever the places below it gave.
class PasswordLayer {
 public:
  explicit PasswordLayer(Config& config)
      : config_(config), password_below_(config.password), file_below_(config.password_file) {
    config_.password = config_.password_file = kNotGiven;
  }

  absl::Status End() {
    const bool has_password = config_.password != kNotGiven;
    const bool has_file = config_.password_file != kNotGiven;
    const bool neither = !has_password && !has_file;
    if (!has_password) config_.password = neither ? password_below_ : "";
    if (!has_file) config_.password_file = neither ? file_below_ : "";
    if (config_.password.empty() || config_.password_file.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("give --requirepass or --requirepass-file, not both");
  }

 private:
  inline static const std::string kNotGiven = std::string(1, '\0');  // which no setting takes

  Config& config_;
  const std::string password_below_;
  const std::string file_below_;
};

// Reads one place on top of what is in `config`.
template <typename Read>
absl::Status ReadLayer(Config& config, Read read) {
  PasswordLayer password(config);
  if (absl::Status status = read(config); !status.ok()) return status;
  return password.End();
}

// Of --grpc-max-message-bytes, whose default depends on another setting.
constexpr uint32_t kNoLengthGiven = 0;  // which it does not take

absl::StatusOr<Config> ReadAll(std::span<const std::string> args, const Environment& env,
                               const ConfigText* file) {
  Config config;
  config.limits.grpc_max_message_bytes = kNoLengthGiven;
  absl::Status status;
  if (file != nullptr) {
    status = ReadLayer(
        config, [file](Config& below) { return ApplyConfigText(file->path, file->text, below); });
  }
  if (status.ok()) {
    status = ReadLayer(config, [&env](Config& below) { return ReadEnvironment(env, below); });
  }
  if (!status.ok()) {
    // A broken environment must not keep anybody from --help.
    Config asked;
    if (FlagReader(args, asked).Read().ok() && !ReadsSettings(asked)) return asked;
    return status;
  }
  status = ReadLayer(config, [args](Config& below) { return FlagReader(args, below).Read(); });
  if (!status.ok()) return status;
  return config;
}

absl::Status CheckTls(const Config& config) {
  const char* const port = config.tls_port != kPortOff ? "--tls-port" : "--grpc-tls-port";
  if (config.tls_cert_file.empty() || config.tls_key_file.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(port, " needs a certificate and its key: --tls-cert-file and --tls-key-file"));
  }
  if (config.tls_auth_clients != TlsClientAuth::kNo && config.tls_ca_cert_file.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(port,
                     " needs --tls-ca-cert-file to check clients' certificates against, or "
                     "--tls-auth-clients=no"));
  }
  // gRPC 1.51 has no way to tell it.
  if (config.grpc_tls_port != kPortOff && config.tls_protocols != TlsVersions::k12And13) {
    return absl::InvalidArgumentError(
        "--grpc-tls-port speaks TLSv1.2 and TLSv1.3; --tls-protocols can restrict --tls-port only");
  }
  const bool ciphers = !config.tls_ciphers.empty() || !config.tls_ciphersuites.empty();
  if (ciphers && config.tls_port == kPortOff) {
    return absl::InvalidArgumentError(
        "--tls-ciphers and --tls-ciphersuites are for --tls-port, which is off; gRPC takes its "
        "ciphers of TLSv1.2 from the environment, GRPC_SSL_CIPHER_SUITES");
  }
  return absl::OkStatus();
}

// A message that takes more memory than all of them may ends whoever is next (grpc/server.cc).
absl::Status SettleMessageBytes(Config& config) {
  Limits& limits = config.limits;
  const uint64_t most = limits.grpc_max_memory_bytes;
  if (limits.grpc_max_message_bytes == kNoLengthGiven) {
    limits.grpc_max_message_bytes = DefaultMessageBytes(limits);
  }
  if (limits.grpc_max_message_bytes <= most) return absl::OkStatus();
  const auto text = [&config](const char* name) {
    return absl::StrCat("--", name, " ", FormatSetting(*FindSetting(name), config));
  };
  return absl::InvalidArgumentError(absl::StrCat(text("grpc-max-message-bytes"), " is more than ",
                                                 text("grpc-max-memory-bytes"),
                                                 ", which is for all messages together"));
}

// What no row can know.
absl::Status CheckTogether(const Config& config) {
  const std::pair<const char*, int> doors[] = {{"--resp-port", config.resp_port},
                                               {"--grpc-port", config.grpc_port},
                                               {"--admin-port", config.admin_port},
                                               {"--tls-port", config.tls_port},
                                               {"--grpc-tls-port", config.grpc_tls_port}};
  for (const auto& [name, port] : doors) {
    for (const auto& [other, other_port] : doors) {
      if (name == other) break;
      if (port > 0 && port == other_port) {
        return absl::InvalidArgumentError(
            absl::StrCat(name, " ", port, " is taken by ", other, "; give each door its own port"));
      }
    }
  }
  const bool tls = config.tls_port != kPortOff || config.grpc_tls_port != kPortOff;
  if (!tls && config.resp_port == kPortOff && config.grpc_port == kPortOff &&
      config.unix_socket.empty()) {
    return absl::InvalidArgumentError(
        "--resp-port and --grpc-port are both off: there is no door left to serve at");
  }
  return tls ? CheckTls(config) : absl::OkStatus();
}

}  // namespace

uint32_t DefaultMessageBytes(const Limits& limits) {
  return static_cast<uint32_t>(
      std::min<uint64_t>(Limits{}.grpc_max_message_bytes, limits.grpc_max_memory_bytes));
}

absl::StatusOr<std::string> ConfigFileOf(std::span<const std::string> args,
                                         const Environment& env) {
  absl::StatusOr<Config> config = ReadAll(args, env, nullptr);
  if (!config.ok()) return config.status();
  return ReadsSettings(*config) ? config->config_file : std::string();
}

absl::StatusOr<Config> ParseConfig(std::span<const std::string> args, const Environment& env,
                                   const ConfigText* file) {
  absl::StatusOr<Config> config = ReadAll(args, env, file);
  if (!config.ok() || !ReadsSettings(*config)) return config;
  if (absl::Status status = SettleMessageBytes(*config); !status.ok()) return status;
  if (absl::Status status = CheckTogether(*config); !status.ok()) return status;
  return config;
}

}  // namespace duet
