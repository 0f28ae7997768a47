// When you add a setting: a member in config.h, a row here, its cases in tests/config_test.cc (a
// test names the rows that have none).
#include "server/config_table.h"

#include <limits>

namespace duet {
namespace {

constexpr int64_t kKb = 1024;
constexpr int64_t kMb = 1024 * kKb;
constexpr int64_t kGb = 1024 * kMb;
constexpr int64_t kDay = 24 * 3600;  // in seconds
constexpr int64_t kMostMemory = 1024 * 1024 * kGb;
constexpr int64_t kMostTrackedKeys = 1'000'000'000'000;
constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();

// Access to a numeric or enum member of Config, or of Config::limits, as an int64_t.
template <auto member>
struct Direct {
  static int64_t Get(const Config& config) { return static_cast<int64_t>(config.*member); }
  static void Set(Config& config, int64_t value) {
    config.*member = static_cast<std::remove_reference_t<decltype(config.*member)>>(value);
  }
};
template <auto member>
struct OfLimits {
  static int64_t Get(const Config& config) { return static_cast<int64_t>(config.limits.*member); }
  static void Set(Config& config, int64_t value) {
    auto& field = config.limits.*member;
    field = static_cast<std::remove_reference_t<decltype(field)>>(value);
  }
};

// The one number of Config::output_normal that has a row of its own.
struct NormalOutput {
  static int64_t Get(const Config& config) {
    return static_cast<int64_t>(config.output_normal.hard_bytes);
  }
  static void Set(Config& config, int64_t value) {
    config.output_normal.hard_bytes = static_cast<uint64_t>(value);
  }
};
template <auto member>
struct OfMemory {
  static int64_t Get(const Config& config) { return static_cast<int64_t>(config.memory.*member); }
  static void Set(Config& config, int64_t value) {
    auto& field = config.memory.*member;
    field = static_cast<std::remove_reference_t<decltype(field)>>(value);
  }
};

struct LogLevels {
  static int64_t Get(const Config& config) { return config.log_filter.packed(); }
  static void Set(Config& config, int64_t value) {
    config.log_filter = LogFilter::FromPacked(static_cast<uint32_t>(value));
  }
};

constexpr std::string_view kFile = "Configuration";
constexpr std::string_view kDoors = "Doors";
constexpr std::string_view kSecurity = "Security";
constexpr std::string_view kTls = "TLS";
constexpr std::string_view kLimits = "Limits";
constexpr std::string_view kGrpc = "gRPC limits";
constexpr std::string_view kRuntime = "Threads and memory";
constexpr std::string_view kEviction = "Bound of memory";
constexpr std::string_view kShutdown = "Shutdown";
constexpr std::string_view kTracing = "Slow commands";
constexpr std::string_view kTraces = "Traces";
constexpr std::string_view kLogging = "Logging";
constexpr std::string_view kPublished = "Publish and subscribe";

constexpr SettingChoice kMemoryPolicies[] = {
    {"volatile-lru", static_cast<int64_t>(MemoryPolicy::kVolatileLru)},
    {"volatile-lfu", static_cast<int64_t>(MemoryPolicy::kVolatileLfu)},
    {"volatile-random", static_cast<int64_t>(MemoryPolicy::kVolatileRandom)},
    {"volatile-ttl", static_cast<int64_t>(MemoryPolicy::kVolatileTtl)},
    {"allkeys-lru", static_cast<int64_t>(MemoryPolicy::kAllKeysLru)},
    {"allkeys-lfu", static_cast<int64_t>(MemoryPolicy::kAllKeysLfu)},
    {"allkeys-random", static_cast<int64_t>(MemoryPolicy::kAllKeysRandom)},
    {"noeviction", static_cast<int64_t>(MemoryPolicy::kNoEviction)},
};
constexpr SettingChoice kDebugAccess[] = {
    {"no", static_cast<int64_t>(DebugAccess::kNo)},
    {"yes", static_cast<int64_t>(DebugAccess::kYes)},
    {"local", static_cast<int64_t>(DebugAccess::kLocal)},
};
constexpr SettingChoice kTlsAuthClients[] = {
    {"no", static_cast<int64_t>(TlsClientAuth::kNo)},
    {"yes", static_cast<int64_t>(TlsClientAuth::kYes)},
    {"optional", static_cast<int64_t>(TlsClientAuth::kOptional)},
};
constexpr SettingChoice kTlsProtocols[] = {
    {"TLSv1.2 TLSv1.3", static_cast<int64_t>(TlsVersions::k12And13)},
    {"TLSv1.3 TLSv1.2", static_cast<int64_t>(TlsVersions::k12And13)},
    {"TLSv1.3", static_cast<int64_t>(TlsVersions::k13Only)},
    {"TLSv1.2", static_cast<int64_t>(TlsVersions::k12Only)},
};
constexpr SettingChoice kLogFormats[] = {
    {"text", static_cast<int64_t>(LogFormat::kText)},
    {"logfmt", static_cast<int64_t>(LogFormat::kLogfmt)},
    {"json", static_cast<int64_t>(LogFormat::kJson)},
};

template <typename Access>
constexpr SettingRow Number(std::string_view name, std::string_view redis_name,
                            std::string_view group, SettingKind kind, int64_t min, int64_t max,
                            std::string_view meaning, bool runtime = false) {
  SettingRow row{name, redis_name, group, kind, min, max, meaning, runtime};
  row.get_number = &Access::Get;
  row.set_number = &Access::Set;
  return row;
}
// A setting that is no single member of Config; its kind says which ones it is.
constexpr SettingRow Compound(std::string_view name, std::string_view group, SettingKind kind,
                              int64_t min, int64_t max, std::string_view meaning,
                              bool runtime = false) {
  return {name, "", group, kind, min, max, meaning, runtime};
}
constexpr SettingRow Text(std::string_view name, std::string_view group, SettingKind kind,
                          int64_t max, std::string Config::*member, std::string_view meaning,
                          bool runtime = false) {
  SettingRow row{name, "", group, kind, 0, max, meaning, runtime};
  row.text = member;
  return row;
}
constexpr SettingChoice kNoYes[] = {{"no", 0}, {"yes", 1}};
// As a switch of Redis: "yes" comes back as the word that stands first.
constexpr SettingChoice kOomScoreChoices[] = {
    {"no", static_cast<int64_t>(OomScoreAdj::kNo)},
    {"yes", static_cast<int64_t>(OomScoreAdj::kRelative)},
    {"relative", static_cast<int64_t>(OomScoreAdj::kRelative)},
    {"absolute", static_cast<int64_t>(OomScoreAdj::kAbsolute)},
};
constexpr NumberListRule kPercentiles = {
    .least = 0,
    .most = 16,
    .whole = false,
    .malformed = "Invalid latency-tracking-info-percentiles parameters",
    .out_of_bounds = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"};
constexpr NumberListRule kOomScores = {
    .least = 3,
    .most = 3,
    .whole = true,
    .malformed = "wrong number of arguments",
    .out_of_bounds = "Invalid oom-score-adj-values, elements must be between -2000 and 2000."};

constexpr SettingRow NumberList(std::string_view name, std::string_view group, int64_t min,
                                int64_t max, const NumberListRule& rule,
                                std::vector<double> Config::*member, std::string_view meaning) {
  SettingRow row{name, "", group, SettingKind::kNumberList, min, max, meaning, /*runtime=*/true};
  row.numbers = member;
  row.list = &rule;
  return row;
}

constexpr SettingRow Fraction(std::string_view name, std::string_view group, double Config::*member,
                              std::string_view meaning) {
  SettingRow row{name, "", group, SettingKind::kFraction, 0, 1, meaning, /*runtime=*/true};
  row.fraction = member;
  return row;
}

template <typename Access>
constexpr SettingRow Choice(std::string_view name, std::string_view group,
                            std::span<const SettingChoice> choices, std::string_view meaning,
                            bool runtime) {
  SettingRow row = Number<Access>(name, "", group, SettingKind::kChoice, 0, 0, meaning, runtime);
  row.choices = choices;
  return row;
}

constexpr bool kRuntimeSettable = true;
constexpr SettingKind kInteger = SettingKind::kInteger;
constexpr SettingKind kPort = SettingKind::kPort;
constexpr SettingKind kBytes = SettingKind::kBytes;
constexpr SettingKind kMilliseconds = SettingKind::kMilliseconds;

constexpr SettingRow kRows[] = {
    Text("config", kFile, SettingKind::kText, 4095, &Config::config_file,
         "File with settings, in the syntax of redis.conf. CONFIG REWRITE writes it. Empty: none."),

    Number<Direct<&Config::resp_port>>(
        "resp-port", "port", kDoors, kPort, kPortOff, 65535,
        "Port of the RESP (Redis protocol) door; --port is the same. 0: pick a free one."),
    Number<Direct<&Config::grpc_port>>("grpc-port", "", kDoors, kPort, kPortOff, 65535,
                                       "Port of the gRPC door. 0: pick a free one."),
    Number<Direct<&Config::admin_port>>(
        "admin-port", "", kDoors, kPort, kPortOff, 65535,
        "Port of the status page, /metrics, /livez and /readyz (HTTP). 0: pick a free one."),
    Number<Direct<&Config::tls_port>>("tls-port", "", kDoors, kPort, kPortOff, 65535,
                                      "Port of RESP over TLS. 0: pick a free one."),
    Number<Direct<&Config::grpc_tls_port>>("grpc-tls-port", "", kDoors, kPort, kPortOff, 65535,
                                           "Port of gRPC over TLS. 0: pick a free one."),
    Compound("bind", kDoors, SettingKind::kBindList, 1, 16,
             "Addresses that all doors listen on. May be repeated. * is every IPv4 address, ::* "
             "every IPv6 address; an address with a leading - may be missing on this machine."),
    Text("unixsocket", kDoors, SettingKind::kText, 107, &Config::unix_socket,
         "Path of a Unix-domain socket for RESP. Empty: none."),
    Number<Direct<&Config::unix_socket_perm>>(
        "unixsocketperm", "", kDoors, SettingKind::kOctal, 0, 0777,
        "Mode of the Unix-domain socket's file. 0: as the umask has it."),
    Number<Direct<&Config::tcp_backlog>>("tcp-backlog", "", kDoors, kInteger, 1, 65535,
                                         "Connections that the kernel keeps until we accept them."),
    Number<Direct<&Config::tcp_keepalive_s>>(
        "tcp-keepalive", "", kDoors, kInteger, 0, kIntMax,
        "Seconds of silence after which TCP asks whether a RESP client is alive. 0: never.",
        kRuntimeSettable),
    Number<Direct<&Config::client_timeout_s>>(
        "timeout", "", kDoors, kInteger, 0, kIntMax,
        "Seconds after which an idle RESP connection is closed. 0: never.", kRuntimeSettable),

    Text("requirepass", kSecurity, SettingKind::kSecret, 512, &Config::password,
         "Password that clients must give. Empty: none. Others on the machine can read flags; "
         "prefer --requirepass-file or DUET_REQUIREPASS.",
         kRuntimeSettable),
    Text("requirepass-file", kSecurity, SettingKind::kText, 4095, &Config::password_file,
         "File that holds the password, on one line."),
    Number<Direct<&Config::acllog_max_len>>(
        "acllog-max-len", "", kSecurity, kInteger, 0, 1'000'000,
        "Refused passwords that ACL LOG keeps; the oldest ones go.", kRuntimeSettable),

    Choice<Direct<&Config::debug_access>>(
        "enable-debug-command", kSecurity, kDebugAccess,
        "Who may call DEBUG, which can stop the server for a while: nobody, everybody, or clients "
        "on this machine (local).",
        /*runtime=*/false),

    Text("tls-cert-file", kTls, SettingKind::kText, 4095, &Config::tls_cert_file,
         "PEM file with the server's certificate, and after it those of the authorities up to the "
         "one that clients know."),
    Text("tls-key-file", kTls, SettingKind::kText, 4095, &Config::tls_key_file,
         "PEM file with the certificate's private key, without a passphrase."),
    Text("tls-ca-cert-file", kTls, SettingKind::kText, 4095, &Config::tls_ca_cert_file,
         "PEM file with the authorities that clients' certificates are checked against."),
    Choice<Direct<&Config::tls_auth_clients>>(
        "tls-auth-clients", kTls, kTlsAuthClients,
        "Whether clients must show a certificate (yes), may (optional), or are not asked for one.",
        /*runtime=*/false),
    Choice<Direct<&Config::tls_protocols>>("tls-protocols", kTls, kTlsProtocols,
                                           "Versions of TLS that are spoken.", /*runtime=*/false),
    Text("tls-ciphers", kTls, SettingKind::kText, 4095, &Config::tls_ciphers,
         "Ciphers of TLS 1.2, as `openssl ciphers` lists them, for RESP; gRPC takes "
         "GRPC_SSL_CIPHER_SUITES. Empty: OpenSSL's own."),
    Text("tls-ciphersuites", kTls, SettingKind::kText, 4095, &Config::tls_ciphersuites,
         "Cipher suites of TLS 1.3, for RESP. Empty: OpenSSL's own."),
    Number<Direct<&Config::tls_reload_interval_ms>>(
        "tls-reload-interval", "", kTls, kMilliseconds, 0, 3'600'000,
        "How often the three files are looked at; what is new in them counts for connections to "
        "come. 0: never."),

    Number<OfLimits<&Limits::max_clients>>("maxclients", "", kLimits, kInteger, 1, 1'000'000,
                                           "RESP connections at once.", kRuntimeSettable),
    Number<OfLimits<&Limits::max_bulk_bytes>>("proto-max-bulk-len", "", kLimits, kBytes, kKb,
                                              4 * kGb - 1, "Length of one argument."),
    Number<OfLimits<&Limits::max_request_bytes>>("max-request-bytes", "client-query-buffer-limit",
                                                 kLimits, kBytes, kKb, 64 * kGb,
                                                 "Length of one command with all its arguments."),
    Number<OfLimits<&Limits::max_args>>("max-args", "", kLimits, kInteger, 1, 16 * kMb,
                                        "Arguments of one command, its name included."),
    Number<OfLimits<&Limits::max_inline_bytes>>("max-inline-bytes", "", kLimits, kBytes, 64, kMb,
                                                "Length of a line of RESP: an inline command or "
                                                "the header of a frame."),
    Number<OfLimits<&Limits::max_subscriptions>>(
        "max-subscriptions", "", kLimits, kInteger, 1, kIntMax,
        "Channels and patterns that one client may listen to."),
    Number<OfLimits<&Limits::max_subscription_bytes>>(
        "max-subscription-bytes", "", kLimits, kBytes, 1, 64 * kGb,
        "Length of the names of all channels and patterns that one client listens to, together."),
    Number<NormalOutput>("max-output-bytes", "", kLimits, kBytes, 0, 64 * kGb,
                         "Replies that may wait for one connection; it is closed beyond that. 0: "
                         "no limit. The hard limit of the class normal below.",
                         kRuntimeSettable),
    Compound("client-output-buffer-limit", kLimits, SettingKind::kOutputLimits, 0, 0,
             "What may wait for a client that does not read, by its class: a client is closed "
             "above the hard limit, and above the soft limit for so many seconds; 0: no such "
             "limit. Classes are normal, pubsub (listens to a channel) and replica (none ever "
             "connects).",
             kRuntimeSettable),
    Number<OfLimits<&Limits::max_key_bytes>>("max-key-bytes", "", kLimits, kBytes, 1, 512 * kMb,
                                             "Length of a key."),
    Number<OfLimits<&Limits::max_value_bytes>>("max-value-bytes", "", kLimits, kBytes, 1, 512 * kMb,
                                               "Length of a value."),
    Number<OfLimits<&Limits::max_args_unauthenticated>>(
        "max-args-unauthenticated", "", kLimits, kInteger, 3, kKb,
        "As --max-args, for clients that have not given the password."),
    Number<OfLimits<&Limits::max_bulk_bytes_unauthenticated>>(
        "max-bulk-bytes-unauthenticated", "", kLimits, kBytes, 64, 512 * kMb,
        "As --proto-max-bulk-len, for clients that have not given the password."),
    Number<OfLimits<&Limits::max_output_bytes_unauthenticated>>(
        "max-output-bytes-unauthenticated", "", kLimits, kBytes, 256, 512 * kMb,
        "As --max-output-bytes, for clients that have not given the password."),

    Number<OfLimits<&Limits::grpc_max_connections>>(
        "grpc-max-connections", "", kGrpc, kInteger, 1, 100'000,
        "gRPC connections at once; further ones are closed. May need \"ulimit -n\"."),
    Number<OfLimits<&Limits::grpc_max_pipeline_streams>>(
        "grpc-max-pipeline-streams", "", kGrpc, kInteger, 1, 1'000'000,
        "Streams of Pipeline at once, on all gRPC connections together; further ones get "
        "RESOURCE_EXHAUSTED."),
    Number<OfLimits<&Limits::grpc_max_message_bytes>>(
        "grpc-max-message-bytes", "", kGrpc, kBytes, kKb, kIntMax,
        "Length of one gRPC message, either way; at most --grpc-max-memory-bytes, and that by "
        "default where it is less. Clients have a limit of their own, often 4 MB."),
    Number<OfLimits<&Limits::grpc_max_metadata_bytes>>("grpc-max-metadata-bytes", "", kGrpc, kBytes,
                                                       256, kMb, "Length of a call's metadata."),
    Number<OfLimits<&Limits::grpc_max_memory_bytes>>(
        "grpc-max-memory-bytes", "", kGrpc, kBytes, 16 * kMb, 64 * kGb,
        "Memory that gRPC takes for what its clients are sending, all together. Above it idle "
        "connections are closed and calls end with RESOURCE_EXHAUSTED. A message counts before its "
        "length or the password is looked at."),
    Number<OfLimits<&Limits::grpc_max_concurrent_streams>>("grpc-max-concurrent-streams", "", kGrpc,
                                                           kInteger, 1, kIntMax,
                                                           "Calls at once on one gRPC connection."),

    Number<Direct<&Config::threads>>(
        "threads", "io-threads", kRuntime, kInteger, 0, 256,
        "Workers of the runtime. 0: one for each core that the container may use; 1: the "
        "single-threaded runtime."),
    Number<Direct<&Config::spin_us>>(
        "spin-us", "", kRuntime, kInteger, 0, 20,
        "Microseconds that a worker polls before it blocks. 0: it blocks at once."),
    Number<Direct<&Config::read_buffer_bytes>>(
        "read-buffer-bytes", "", kRuntime, kBytes, 4 * kKb, 16 * kMb,
        "The most that is read at once into a worker's buffers; it has three. The rest of a large "
        "request goes to memory of its connection."),
    Number<Direct<&Config::shard_bits>>("shard-bits", "", kRuntime, kInteger, 0, 12,
                                        "The store has 2^N shards, each with its own lock."),
    Choice<Direct<&Config::oom_score_adj>>(
        "oom-score-adj", kRuntime, kOomScoreChoices,
        "Whether the server tells the kernel how soon to end it where memory runs out: added to "
        "what the process started with (yes, relative), or as it is (absolute).",
        kRuntimeSettable),
    NumberList("oom-score-adj-values", kRuntime, -2000, 2000, kOomScores,
               &Config::oom_score_adj_values,
               "What oom-score-adj writes: the first one (a replica's and a child's follow, which "
               "there are none of)."),

    Number<Direct<&Config::key_events>>(
        "notify-keyspace-events", "", kPublished, SettingKind::kKeyEvents, 0, 0,
        "What happens to keys and is published: K and E choose the channels (__keyspace@0__:key, "
        "__keyevent@0__:event), g$lshzxetd or A for all of them, n and m choose the events. Empty: "
        "nothing.",
        kRuntimeSettable),
    Number<Direct<&Config::tracking_table_max_keys>>(
        "tracking-table-max-keys", "", kPublished, kInteger, 0, kMostTrackedKeys,
        "Keys of which it is known who has read them (CLIENT TRACKING); beyond it, the readers of "
        "some are told that they are invalid. 0: any number.",
        kRuntimeSettable),
    Number<OfMemory<&MemoryLimits::max_bytes>>(
        "maxmemory", "", kEviction, kBytes, 0,
        kMostMemory,
        "Memory that the server may use; beyond it keys are evicted, or commands that take memory "
        "are refused. 0: no bound.",
        kRuntimeSettable),
    Choice<OfMemory<&MemoryLimits::policy>>(
        "maxmemory-policy", kEviction, kMemoryPolicies,
        "Keys that are evicted: all or those with an expiry, the least recently or frequently used "
        "or random ones first; volatile-ttl: the next to expire; noeviction: none.",
        kRuntimeSettable),
    Number<OfMemory<&MemoryLimits::samples>>(
        "maxmemory-samples", "", kEviction, kInteger, 1, 64,
        "Keys that are compared for one eviction. More come closer to the true order.",
        kRuntimeSettable),
    Number<OfMemory<&MemoryLimits::tenacity>>(
        "maxmemory-eviction-tenacity", "", kEviction, kInteger, 0, 100,
        "How long a command may evict before others get their turn: 10 is 0.5 ms, 100 is no end.",
        kRuntimeSettable),
    Number<OfMemory<&MemoryLimits::lfu_log_factor>>(
        "lfu-log-factor", "", kEviction, kInteger, 0, kIntMax,
        "The higher, the more uses it takes until a key counts as often used.", kRuntimeSettable),
    Number<OfMemory<&MemoryLimits::lfu_decay_minutes>>(
        "lfu-decay-time", "", kEviction, kInteger, 0, kIntMax,
        "Minutes in which an unused key's count of uses falls by one. 0: it never does.",
        kRuntimeSettable),

    Number<Direct<&Config::drain_delay_ms>>(
        "drain-delay", "", kShutdown, kMilliseconds, 0, 600'000,
        "Time between SIGTERM, when /readyz says no, and the first door that closes.",
        kRuntimeSettable),
    Number<Direct<&Config::drain_timeout_ms>>(
        "drain-timeout", "", kShutdown, kMilliseconds, 0, 3'600'000,
        "Time that what is in flight has to finish after that.", kRuntimeSettable),

    Number<Direct<&Config::slowlog_log_slower_than_us>>(
        "slowlog-log-slower-than", "", kTracing, kInteger, -1, kDay * 1'000'000,
        "Microseconds from which a command is kept for SLOWLOG. 0: every one; -1: none.",
        kRuntimeSettable),
    Number<Direct<&Config::slowlog_max_len>>(
        "slowlog-max-len", "", kTracing, kInteger, 0, 1'000'000,
        "Commands that SLOWLOG keeps; the oldest ones go.", kRuntimeSettable),
    Number<Direct<&Config::latency_monitor_threshold_ms>>(
        "latency-monitor-threshold", "", kTracing, kInteger, 0, kDay * 1000,
        "Milliseconds from which LATENCY records what took so long. 0: nothing.", kRuntimeSettable),
    Choice<Direct<&Config::latency_tracking>>("latency-tracking", kTracing, kNoYes,
                                              "Whether INFO latencystats shows the times that "
                                              "commands take. They are counted in any case "
                                              "(/metrics, LATENCY HISTOGRAM).",
                                              kRuntimeSettable),
    NumberList("latency-tracking-info-percentiles", kTracing, 0, 100, kPercentiles,
               &Config::latency_percentiles, "Percentiles that INFO latencystats shows."),

    Text("otlp-endpoint", kTraces, SettingKind::kEndpoint, 300, &Config::otlp_endpoint,
         "OpenTelemetry collector that gets spans of requests, over OTLP/gRPC; those of gRPC calls "
         "whose caller traces them, and of others as trace-sample-ratio says. Empty: nothing is "
         "traced."),
    Fraction("trace-sample-ratio", kTraces, &Config::trace_sample_ratio,
             "Share of the requests whose caller does not trace them that get a span: of RESP "
             "commands, gRPC calls and Pipeline batches. 0: none; 1: every one."),
    Text("otlp-service-name", kTraces, SettingKind::kText, 255, &Config::otlp_service_name,
         "The service.name of spans."),
    Number<Direct<&Config::otlp_timeout_ms>>("otlp-timeout", "", kTraces, kMilliseconds, 1, 60'000,
                                             "Time that the collector has to take a batch of "
                                             "spans."),
    Number<Direct<&Config::otlp_interval_ms>>(
        "otlp-interval", "", kTraces, kMilliseconds, 1, 60'000,
        "Time that spans are collected before a batch that is not full is sent."),
    Number<Direct<&Config::otlp_queue_spans>>(
        "otlp-queue-spans", "", kTraces, kInteger, 1, 1'000'000,
        "Spans that may wait for the collector; more are dropped and counted."),

    Number<LogLevels>("log-level", "loglevel", kLogging, SettingKind::kLogFilter, 0, 0,
                      "Which lines are logged, to standard error: those of a level and above, and "
                      "of some targets other ones.",
                      kRuntimeSettable),
    Choice<Direct<&Config::log_format>>("log-format", kLogging, kLogFormats, "Form of a log line.",
                                        false),
};

}  // namespace

std::span<const SettingRow> SettingRows() { return kRows; }

std::string_view RedisName(const SettingRow& row) {
  return row.redis_name.empty() ? row.name : row.redis_name;
}

const SettingRow* FindSetting(std::string_view name) {
  for (const SettingRow& row : kRows) {
    if (name == row.name || name == RedisName(row)) return &row;
  }
  return nullptr;
}

}  // namespace duet
