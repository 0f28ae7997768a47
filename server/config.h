// Every setting of the server, and how it is read: flag, else environment, else file, else default.
//
// The rows with names, bounds and meanings are in config_table.cc; CONFIG GET and CONFIG SET on top
// of them in config_settings.h. A setting is one member here and one row there; flag, environment
// variable, --help, checks and tests follow from the row.
//
// Thread class: Config is plain data.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "server/base/debug_access.h"
#include "server/base/limits.h"
#include "server/base/log.h"
#include "server/base/memory_limits.h"
#include "server/base/tls_options.h"

namespace duet {

// A numeric address to listen on ("127.0.0.1", "::1", "0.0.0.0").
struct BindAddress {
  std::string host;
  bool optional = false;  // as redis.conf's '-': go without it where the machine does not have it
  bool operator==(const BindAddress&) const = default;
};

// oom-score-adj: not touched, added to what it was at the start, or written as it is.
enum class OomScoreAdj : uint8_t { kNo, kRelative, kAbsolute };

// A port that is off.
inline constexpr int kPortOff = -1;

struct Config {
  // What the command line asks for. kCheck: exit with 0 if the settings are right. kHelp and
  // kVersion: print and exit with 0.
  enum class Action : uint8_t { kServe, kCheck, kHealthcheck, kHelp, kVersion };
  Action action = Action::kServe;

  std::string config_file;  // absolute, once it was read; empty: none

  int resp_port = 6379;  // 0: pick a free one; kPortOff: no such door
  int grpc_port = 50051;
  int admin_port = 9121;
  int tls_port = kPortOff;  // RESP over TLS
  int grpc_tls_port = kPortOff;
  std::vector<BindAddress> bind = {{"127.0.0.1", false}, {"::1", true}};  // all doors
  std::string unix_socket;        // RESP over a Unix-domain socket; empty: none
  uint32_t unix_socket_perm = 0;  // mode bits of its file; 0: as the umask has it
  int tcp_backlog = 511;
  int tcp_keepalive_s = 300;  // 0: off
  int client_timeout_s = 0;   // close a connection idle for so long; 0: never

  std::string password;       // requirepass; empty: none is asked for
  std::string password_file;  // read by LoadPasswordFileBlocking

  // TlsOptions, of both TLS doors.
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string tls_ca_cert_file;
  TlsClientAuth tls_auth_clients = TlsClientAuth::kYes;
  TlsVersions tls_protocols = TlsVersions::k12And13;
  std::string tls_ciphers;
  std::string tls_ciphersuites;
  int64_t tls_reload_interval_ms = 10'000;

  DebugAccess debug_access = DebugAccess::kNo;  // enable-debug-command

  int threads = 0;  // 0: one for each core that the container may use
  int spin_us = 0;
  uint64_t read_buffer_bytes = 64 * 1024;  // a worker has three
  int shard_bits = 10;                     // 2^shard_bits shards

  Limits limits;
  MemoryLimits memory;
  // client-output-buffer-limit, by class. Replicas there are none, so that theirs binds nobody.
  OutputLimit output_normal = kNormalOutput;
  OutputLimit output_replica = {
      .hard_bytes = 256ull << 20, .soft_bytes = 64ull << 20, .soft_ms = 60'000};
  OutputLimit output_pubsub = kPubsubOutput;

  uint32_t key_events = 0;  // notify-keyspace-events (api/key_event_flags.h)

  int64_t drain_delay_ms = 0;  // not ready, and still serving
  int64_t drain_timeout_ms = 10'000;

  int64_t slowlog_log_slower_than_us = 10'000;  // negative: nothing is logged
  int64_t tracking_table_max_keys = 1'000'000;  // 0: any number
  int64_t slowlog_max_len = 128;
  int64_t latency_monitor_threshold_ms = 0;  // 0: off
  int64_t acllog_max_len = 128;
  bool latency_tracking = true;
  std::vector<double> latency_percentiles = {50, 99, 99.9};  // that INFO shows

  std::string otlp_endpoint;  // where spans go (config_endpoint.h); empty: nothing is traced
  std::string otlp_service_name = "duet";
  int64_t otlp_timeout_ms = 10'000;
  int64_t otlp_interval_ms = 1000;
  int64_t otlp_queue_spans = 4096;
  double trace_sample_ratio = 0;  // of requests whose caller does not trace them

  OomScoreAdj oom_score_adj = OomScoreAdj::kNo;
  std::vector<double> oom_score_adj_values = {0, 200, 800};  // of a master, a replica, a child

  LogFilter log_filter;
  LogFormat log_format = LogFormat::kText;
};

using Environment = std::map<std::string, std::string, std::less<>>;

// A configuration file (config_file.h) and what stands in it.
struct ConfigText {
  std::string path;
  std::string text;
};

// Reads `args` (without the program's name), `env`, and `file` if it is not null. Pure: opens no
// file. A flag wins over the environment, DUET_<NAME> ("--max-args" is DUET_MAX_ARGS), which wins
// over the file; of a flag given twice the last one counts, but --bind adds up. The error is one
// line for the user, without a newline; of a file, a line for each of its lines that are wrong.
absl::StatusOr<Config> ParseConfig(std::span<const std::string> args, const Environment& env,
                                   const ConfigText* file = nullptr);

// Of grpc-max-message-bytes, where nothing gives it: it depends on grpc-max-memory-bytes.
uint32_t DefaultMessageBytes(const Limits& limits);

// The path that `args` or `env` give for the file; empty: none.
absl::StatusOr<std::string> ConfigFileOf(std::span<const std::string> args, const Environment& env);

// Sets config.password from config.password_file, if there is one. One line, trailing newline
// dropped.
absl::Status LoadPasswordFileBlocking(Config& config);

// As main needs it: ParseConfig with the file, then LoadPasswordFileBlocking.
absl::StatusOr<Config> LoadConfigBlocking(int argc, const char* const* argv,
                                          const char* const* environ);

// The addresses that every door listens on: config.bind without the optional ones that this machine
// does not have. An address that is in use, or missing and not optional, stays: its listener says
// so.
std::vector<std::string> BindHostsBlocking(const Config& config);

// The text of --help and of --version, newline included.
std::string HelpText();
std::string VersionText();
// "0.1.0".
std::string_view Version();

}  // namespace duet
