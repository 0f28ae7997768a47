#include "server/config.h"

#include <cstdlib>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/config_settings.h"
#include "server/config_table.h"

namespace duet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

using Args = std::vector<std::string>;

absl::StatusOr<Config> Parse(const Args& args, const Environment& env = {}) {
  return ParseConfig(args, env);
}
// The error line of a command line that must fail.
std::string Refusal(const Args& args, const Environment& env = {}) {
  const absl::StatusOr<Config> config = Parse(args, env);
  if (config.ok()) return "accepted";
  return std::string(config.status().message());
}

// ---- The rows. ----

// One row: a value that is taken, what it reads as afterwards, and values that are refused.
struct RowCase {
  std::string name;
  std::string good;
  std::string reads;
  std::vector<std::string> bad;
};

const std::vector<std::string> kBadIntegers = {"",   "x",  "1x",   "1.5", " 1",
                                               "1 ", "+1", "0x10", "--1", "99999999999999999999"};
const std::vector<std::string> kBadPorts = {"", "x", "no", "80x", "-0", "-1", "-2", "65536"};
const std::vector<std::string> kBadSizes = {"",
                                            "x",
                                            "kb",
                                            "1.5mb",
                                            " 1mb",
                                            "10 mb",
                                            "1tb",
                                            "-1",
                                            "1mbb",
                                            "mb1",
                                            "99999999999999999999",
                                            "9223372036854775807gb"};

const RowCase kCases[] = {
    {"config", "/etc/duet.conf", "/etc/duet.conf", {std::string("a\0b", 3)}},
    {"resp-port", "7000", "7000", kBadPorts},
    {"grpc-port", "off", "off", kBadPorts},
    {"admin-port", "Off", "off", kBadPorts},
    {"tls-port", "off", "off", kBadPorts},
    {"grpc-tls-port", "OFF", "off", kBadPorts},
    {"bind",
     "0.0.0.0, -::1",
     "0.0.0.0,-::1",
     {"", ",", "example.com", "1.2.3", "1.2.3.4.5", "::1::", "--::1", "1.2.3.4:80"}},
    {"unixsocket", "/run/duet.sock", "/run/duet.sock", {std::string("a\0b", 3)}},
    {"unixsocketperm", "770", "770", {"", "888", "rw", "-1", "0x7", "777777777777777777777"}},
    {"tcp-backlog", "128", "128", kBadIntegers},
    {"tcp-keepalive", "60", "60", kBadIntegers},
    {"timeout", "30", "30", kBadIntegers},
    {"requirepass", "s p=a", "s p=a", {std::string(513, 'q')}},
    {"requirepass-file", "/run/secrets/p", "/run/secrets/p", {std::string("a\0b", 3)}},
    {"tls-cert-file", "/tls/tls.crt", "/tls/tls.crt", {std::string("a\0b", 3)}},
    {"tls-key-file", "/tls/tls.key", "/tls/tls.key", {std::string("a\0b", 3)}},
    {"tls-ca-cert-file", "/tls/ca.crt", "/tls/ca.crt", {std::string("a\0b", 3)}},
    {"tls-auth-clients", "Optional", "optional", {"", "maybe", "1"}},
    {"tls-protocols", "tlsv1.3 TLSv1.2", "TLSv1.2 TLSv1.3", {"", "TLSv1.1", "TLSv1.2,TLSv1.3"}},
    {"tls-ciphers", "HIGH:!aNULL", "HIGH:!aNULL", {std::string("a\0b", 3)}},
    {"tls-ciphersuites",
     "TLS_AES_256_GCM_SHA384",
     "TLS_AES_256_GCM_SHA384",
     {std::string("a\0b", 3)}},
    {"tls-reload-interval", "1s", "1000", {"", "x", "-1", "5h"}},
    {"maxclients", "5", "5", kBadIntegers},
    {"proto-max-bulk-len", "1mb", "1mb", kBadSizes},
    {"max-request-bytes", "2GB", "2gb", kBadSizes},
    {"max-args", "100", "100", kBadIntegers},
    {"max-inline-bytes", "1000", "1000", kBadSizes},
    {"max-output-bytes", "1m", "1000000", kBadSizes},
    {"max-key-bytes", "1k", "1000", kBadSizes},
    {"max-value-bytes", "10b", "10", kBadSizes},
    {"max-args-unauthenticated", "10", "10", kBadIntegers},
    {"max-bulk-bytes-unauthenticated", "1kb", "1kb", kBadSizes},
    {"max-output-bytes-unauthenticated", "1kb", "1kb", kBadSizes},
    {"grpc-max-message-bytes", "4mb", "4mb", kBadSizes},
    {"grpc-max-metadata-bytes", "16kb", "16kb", kBadSizes},
    {"grpc-max-memory-bytes", "64mb", "64mb", kBadSizes},
    {"grpc-max-connections", "8", "8", kBadIntegers},
    {"grpc-max-pipeline-streams", "8", "8", kBadIntegers},
    {"grpc-max-concurrent-streams", "256", "256", kBadIntegers},
    {"threads", "2", "2", kBadIntegers},
    {"spin-us", "20", "20", kBadIntegers},
    {"read-buffer-bytes", "128kb", "128kb", kBadSizes},
    {"shard-bits", "4", "4", kBadIntegers},
    {"max-subscriptions", "5", "5", kBadIntegers},
    {"max-subscription-bytes", "1mb", "1mb", kBadSizes},
    {"client-output-buffer-limit",
     "PubSub 1mb 1k 2 slave 0 0 0",
     "normal 1gb 0 0 replica 0 0 0 pubsub 1mb 1000 2",
     {"x", "pubsub 1 2", "pubsub 1 2 3 4", "master 1 2 3", "pubsub 1 2 -3", "pubsub -1 2 3",
      "pubsub 1 2x 3", "pubsub 1 2 3s", "pubsub 1 2 3 normal 1 2 x"}},
    {"notify-keyspace-events", "nKExA", "AnKE", {"KEq", "K E", "k"}},
    {"tracking-table-max-keys", "0", "0", kBadIntegers},
    {"maxmemory", "100mb", "100mb", kBadSizes},
    {"maxmemory-policy", "ALLKEYS-lfu", "allkeys-lfu", {"", "lru", "allkeys", "0"}},
    {"maxmemory-samples", "10", "10", kBadIntegers},
    {"maxmemory-eviction-tenacity", "100", "100", kBadIntegers},
    {"lfu-log-factor", "0", "0", kBadIntegers},
    {"lfu-decay-time", "0", "0", kBadIntegers},
    {"drain-delay", "5s", "5000", {"", "x", "5h", "-1", "1.5s"}},
    {"drain-timeout", "250ms", "250", {"", "x", "5h", "-1", "s"}},
    {"acllog-max-len", "3", "3", kBadIntegers},
    {"slowlog-log-slower-than", "-1", "-1", kBadIntegers},
    {"slowlog-max-len", "1000", "1000", kBadIntegers},
    {"latency-monitor-threshold", "100", "100", kBadIntegers},
    {"otlp-endpoint",
     "http://collector.obs:4317/",
     "http://collector.obs:4317/",
     {"collector", "collector:", ":4317", "collector:0", "collector:65536", "collector:4317/v1",
      "https://collector:4317", "http://", "ftp://collector:1", "a b:1", "::1:4317", "[x]:1",
      "unix:", "unix:run/x", "unix:" + std::string(200, '/'), std::string(300, 'a') + ":1"}},
    {"trace-sample-ratio",
     "0.010",
     "0.01",
     {"", "x", "-0.1", "1.0001", "1e3", "0,5", "50%", " 0.5", "0.5 ", "+0.5", "nan", "inf"}},
    {"otlp-service-name", "shop cache", "shop cache", {std::string("a\0b", 3)}},
    {"otlp-timeout", "5s", "5000", {"", "x", "0", "5h"}},
    {"otlp-interval", "250ms", "250", {"", "x", "0", "5h"}},
    {"otlp-queue-spans", "100", "100", kBadIntegers},
    {"log-level",
     "Notice,RESP=verbose,auth=off",
     "info,resp=debug,auth=off",
     {"", "loud", "debu", "0", "info,", "info,resp", "info,moon=debug", "info,resp=", "resp=info"}},
    {"enable-debug-command", "LOCAL", "local", {"", "maybe", "1"}},
    {"latency-tracking", "No", "no", {"", "maybe", "1"}},
    {"latency-tracking-info-percentiles",
     " 0.0  50 99.90 100",
     "0 50 99.9 100",
     {"x", "50,99", "-1", "100.1", "1e1", "nan", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16"}},
    {"oom-score-adj", "YES", "yes", {"", "1"}},
    {"oom-score-adj-values",
     "10 -20 2000",
     "10 -20 2000",
     {"", "1 2", "1 2 3 4", "1 2 3.5", "-2001 0 0", "0 0 2001"}},
    {"log-format", "json", "json", {"", "xml"}},
};

class RowTest : public ::testing::TestWithParam<RowCase> {
 protected:
  const SettingRow& row() const { return *FindSetting(GetParam().name); }
  std::string Reads(const Config& config) const { return FormatSetting(row(), config); }
};

TEST_P(RowTest, TakesAGoodValueInEveryForm) {
  const RowCase& c = GetParam();
  std::string variable = "DUET_" + c.name;
  for (char& letter : variable) letter = letter == '-' ? '_' : static_cast<char>(toupper(letter));

  const auto separate = Parse({"--" + c.name, c.good});
  const auto joined = Parse({"--" + c.name + "=" + c.good});
  const auto environment = Parse({}, {{variable, c.good}});
  ASSERT_TRUE(separate.ok()) << separate.status();
  ASSERT_TRUE(joined.ok()) << joined.status();
  ASSERT_TRUE(environment.ok()) << environment.status();
  EXPECT_EQ(Reads(*separate), c.reads);
  EXPECT_EQ(Reads(*joined), c.reads);
  EXPECT_EQ(Reads(*environment), c.reads);
}

TEST_P(RowTest, RefusesBadValuesAndSaysWhatIsAllowed) {
  const RowCase& c = GetParam();
  for (const std::string& bad : c.bad) {
    const std::string refusal = Refusal({"--" + c.name + "=" + bad});
    EXPECT_THAT(refusal, HasSubstr("for --" + c.name + ": must be ")) << "value: " << bad;
    EXPECT_THAT(refusal, HasSubstr(AllowedValues(row())));
    EXPECT_THAT(refusal, Not(HasSubstr("\n")));
  }
}

TEST_P(RowTest, HoldsItsBounds) {
  const SettingRow& r = row();
  if (r.kind == SettingKind::kChoice || r.kind == SettingKind::kBindList ||
      r.kind == SettingKind::kOutputLimits || r.kind == SettingKind::kKeyEvents ||
      r.kind == SettingKind::kLogFilter || r.kind == SettingKind::kNumberList ||
      r.kind == SettingKind::kFraction || r.kind == SettingKind::kEndpoint) {
    return;
  }
  const auto takes = [&](int64_t n) {
    Config config;
    if (r.text != nullptr) {
      return !AssignSetting(r, std::string(static_cast<size_t>(n), 'a'), config);
    }
    char octal[32];
    std::snprintf(octal, sizeof(octal), "%llo", static_cast<unsigned long long>(n));
    const std::string text = r.kind == SettingKind::kOctal ? octal : std::to_string(n);
    if (AssignSetting(r, text, config)) return false;
    EXPECT_EQ(r.get_number(config), n);  // no digit lost on the way into the member
    return true;
  };
  // The least port is said as "off".
  if (r.kind != SettingKind::kPort) {
    EXPECT_TRUE(takes(r.min));
  }
  EXPECT_TRUE(takes(r.max));
  EXPECT_FALSE(takes(r.max + 1));
  if (r.text == nullptr) {
    EXPECT_FALSE(takes(r.min - 1));
  }
}

TEST_P(RowTest, ItsDefaultIsWithinItsBounds) {
  const SettingRow& r = row();
  Config config;
  EXPECT_FALSE(AssignSetting(r, FormatSetting(r, Config{}), config));
  EXPECT_EQ(FormatSetting(r, config), FormatSetting(r, Config{}));
}

TEST_P(RowTest, NeedsAValue) {
  const std::string flag = "--" + GetParam().name;
  EXPECT_THAT(Refusal({flag}), HasSubstr(flag + " needs a value: "));
  EXPECT_THAT(Refusal({flag, "--threads", "1"}), HasSubstr(flag + " needs a value: "));
}

INSTANTIATE_TEST_SUITE_P(Rows, RowTest, ::testing::ValuesIn(kCases), [](const auto& test) {
  std::string name = test.param.name;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
});

TEST(ConfigTable, EveryRowHasItsCases) {
  std::set<std::string> with_cases;
  for (const RowCase& c : kCases) with_cases.insert(c.name);
  for (const SettingRow& row : SettingRows()) {
    EXPECT_TRUE(with_cases.contains(std::string(row.name))) << row.name;
    EXPECT_FALSE(row.meaning.empty()) << row.name;
  }
  EXPECT_EQ(with_cases.size(), SettingRows().size());
}

TEST(ConfigTable, BindHoldsItsBound) {
  std::string sixteen = "10.0.0.1";
  for (int i = 2; i <= 16; ++i) sixteen += ",10.0.0." + std::to_string(i);
  EXPECT_TRUE(Parse({"--bind", sixteen}).ok());
  EXPECT_THAT(Refusal({"--bind", sixteen + ",10.0.0.17"}), HasSubstr("must be 1 to 16 "));
}

// ---- The command line. ----

TEST(ParseConfig, WithoutAnythingGivesTheDefaults) {
  const auto config = Parse({});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->resp_port, 6379);
  EXPECT_EQ(config->grpc_port, 50051);
  EXPECT_EQ(config->admin_port, 9121);
  EXPECT_THAT(config->bind, ElementsAre(BindAddress{"127.0.0.1", false}, BindAddress{"::1", true}));
  EXPECT_EQ(config->limits.max_clients, 10'000u);
  EXPECT_EQ(config->action, Config::Action::kServe);
}

TEST(ParseConfig, ATlsDoorNeedsItsFiles) {
  const std::string no_cert =
      " needs a certificate and its key: --tls-cert-file and --tls-key-file";
  EXPECT_EQ(Refusal({"--tls-port=6380"}), "--tls-port" + no_cert);
  EXPECT_EQ(Refusal({"--grpc-tls-port=0", "--tls-cert-file=c"}), "--grpc-tls-port" + no_cert);
  EXPECT_EQ(Refusal({"--tls-port=0", "--tls-cert-file=c", "--tls-key-file=k"}),
            "--tls-port needs --tls-ca-cert-file to check clients' certificates against, or "
            "--tls-auth-clients=no");
  EXPECT_TRUE(
      Parse({"--grpc-tls-port=0", "--tls-cert-file=c", "--tls-key-file=k", "--tls-ca-cert-file=a"})
          .ok());
  EXPECT_TRUE(Parse({"--tls-cert-file=c"}).ok());  // no door, nothing to check
}

TEST(ParseConfig, TlsDoorsAreDoors) {
  const auto with = [](std::vector<std::string> doors) {
    doors.insert(doors.end(), {"--resp-port=off", "--grpc-port=off", "--tls-cert-file=c",
                               "--tls-key-file=k", "--tls-auth-clients=no"});
    return doors;
  };
  EXPECT_THAT(Refusal(with({})), HasSubstr("no door left"));
  EXPECT_TRUE(Parse(with({"--tls-port=6379"})).ok());
  EXPECT_TRUE(Parse(with({"--grpc-tls-port=50051"})).ok());
  EXPECT_EQ(Refusal(with({"--tls-port=9121"})),
            "--tls-port 9121 is taken by --admin-port; give each door its own port");
}

TEST(ParseConfig, PortIsRespPort) {
  EXPECT_EQ(Parse({"--port", "7000"})->resp_port, 7000);
  EXPECT_EQ(Parse({"--port=0"})->resp_port, 0);
  EXPECT_THAT(Refusal({"--port", "x"}), HasSubstr("invalid value 'x' for --port: must be a port"));
}

TEST(ParseConfig, TheLastFlagAndTheFlagBeforeTheEnvironmentWin) {
  EXPECT_EQ(Parse({"--threads", "1", "--threads", "2"})->threads, 2);
  EXPECT_EQ(Parse({"--threads", "1"}, {{"DUET_THREADS", "4"}})->threads, 1);
  EXPECT_EQ(Parse({}, {{"DUET_THREADS", "4"}})->threads, 4);
}

TEST(ParseConfig, BindAddsUpAndReplacesTheDefault) {
  EXPECT_THAT(Parse({"--bind", "10.0.0.1", "--bind=::1,10.0.0.2"})->bind,
              ElementsAre(BindAddress{"10.0.0.1"}, BindAddress{"::1"}, BindAddress{"10.0.0.2"}));
  EXPECT_THAT(Parse({"--bind", "* -::*"}, {{"DUET_BIND", "10.0.0.9"}})->bind,
              ElementsAre(BindAddress{"0.0.0.0"}, BindAddress{"::", true}));
}

TEST(ParseConfig, SuggestsTheFlagThatWasMeant) {
  EXPECT_EQ(Refusal({"--prt", "1"}), "unknown flag --prt; did you mean --port?");
  EXPECT_EQ(Refusal({"--max-client=1"}), "unknown flag --max-client; did you mean --maxclients?");
  EXPECT_EQ(Refusal({"--grpc_port=1"}), "unknown flag --grpc_port; did you mean --grpc-port?");
  EXPECT_EQ(Refusal({"--hepl"}), "unknown flag --hepl; did you mean --help?");
  EXPECT_EQ(Refusal({"--zzzzzzzz", "1"}), "unknown flag --zzzzzzzz; --help lists them all");
  EXPECT_THAT(Refusal({"--" + std::string(100'000, 'p')}), HasSubstr("; --help lists them all"));
}

TEST(ParseConfig, RefusesWhatIsNoFlag) {
  EXPECT_THAT(Refusal({"redis.conf"}), HasSubstr("unexpected argument 'redis.conf'"));
  EXPECT_THAT(Refusal({"--"}), HasSubstr("unexpected argument '--'"));
  EXPECT_THAT(Refusal({"-p", "1"}), HasSubstr("unexpected argument '-p'"));
  EXPECT_THAT(Refusal({""}), HasSubstr("unexpected argument ''"));
}

TEST(ParseConfig, RefusesWhatDoesNotGoTogether) {
  EXPECT_EQ(Refusal({"--grpc-port", "6379"}),
            "--grpc-port 6379 is taken by --resp-port; give each door its own port");
  EXPECT_TRUE(Parse({"--grpc-port=0", "--resp-port=0", "--admin-port=0"}).ok());
  EXPECT_TRUE(Parse({"--grpc-port=off", "--admin-port=off"}).ok());
  EXPECT_THAT(Refusal({"--grpc-port=off", "--resp-port=off"}), HasSubstr("no door left"));
  EXPECT_TRUE(Parse({"--grpc-port=off", "--resp-port=off", "--unixsocket=/tmp/s"}).ok());
  EXPECT_THAT(Refusal({"--requirepass=a", "--requirepass-file=b"}), HasSubstr("not both"));
}

TEST(ParseConfig, AMessageOfGrpcIsNoLongerThanAllTogether) {
  const auto message_bytes = [](const Args& args) {
    return Parse(args)->limits.grpc_max_message_bytes;
  };
  EXPECT_EQ(message_bytes({}), 64u << 20);
  EXPECT_EQ(message_bytes({"--grpc-max-memory-bytes=2gb"}), 64u << 20);
  EXPECT_EQ(message_bytes({"--grpc-max-memory-bytes=32mb"}), 32u << 20);
  EXPECT_EQ(message_bytes({"--grpc-max-memory-bytes=32mb", "--grpc-max-message-bytes=32mb"}),
            32u << 20);
  EXPECT_EQ(Refusal({"--grpc-max-memory-bytes=32mb", "--grpc-max-message-bytes=33554433"}),
            "--grpc-max-message-bytes 33554433 is more than --grpc-max-memory-bytes 32mb, which is "
            "for all messages together");
  EXPECT_EQ(Refusal({"--grpc-max-memory-bytes=32mb"}, {{"DUET_GRPC_MAX_MESSAGE_BYTES", "64mb"}}),
            "--grpc-max-message-bytes 64mb is more than --grpc-max-memory-bytes 32mb, which is for "
            "all messages together");
  EXPECT_EQ(
      Refusal({"--grpc-max-message-bytes=1500mb"}),
      "--grpc-max-message-bytes 1500mb is more than --grpc-max-memory-bytes 1gb, which is for "
      "all messages together");
}

TEST(ParseConfig, NeverShowsAPassword) {
  EXPECT_THAT(Refusal({"--requirepass", std::string(513, 'q')}), Not(HasSubstr("qq")));
}

TEST(ParseConfig, HelpAndVersionComeBeforeTheRest) {
  EXPECT_EQ(Parse({"--help", "--nonsense"})->action, Config::Action::kHelp);
  EXPECT_EQ(Parse({"-h"})->action, Config::Action::kHelp);
  EXPECT_EQ(Parse({"--version"})->action, Config::Action::kVersion);
  EXPECT_EQ(Parse({"--help"}, {{"DUET_THREADS", "x"}})->action, Config::Action::kHelp);
}

TEST(ParseConfig, HealthcheckReadsTheRest) {
  const auto config = Parse({"--healthcheck"}, {{"DUET_ADMIN_PORT", "1234"}});
  EXPECT_EQ(config->action, Config::Action::kHealthcheck);
  EXPECT_EQ(config->admin_port, 1234);
}

TEST(ParseConfig, CheckConfigReadsTheRest) {
  EXPECT_EQ(Parse({"--check-config", "--threads", "2"})->action, Config::Action::kCheck);
  EXPECT_EQ(Parse({"--check-config", "--threads", "2"})->threads, 2);
  EXPECT_THAT(Refusal({"--check-config", "--threads", "x"}), HasSubstr("for --threads"));
  EXPECT_THAT(Refusal({"--check-config", "--grpc-port", "6379"}), HasSubstr("is taken by"));
  EXPECT_EQ(Parse({"--check-config", "--help"})->action, Config::Action::kHelp);
  EXPECT_EQ(Refusal({"--check-confg"}), "unknown flag --check-confg; did you mean --check-config?");
}

TEST(HelpText, HasEveryFlagWithItsDefaultInLinesThatFit) {
  const std::string help = HelpText();
  for (const SettingRow& row : SettingRows()) {
    EXPECT_THAT(help, HasSubstr("  --" + std::string(row.name) + " (default ")) << row.name;
  }
  EXPECT_THAT(help, HasSubstr("--proto-max-bulk-len (default 512mb)"));
  EXPECT_THAT(help, HasSubstr("--unixsocket (default none)"));
  for (size_t start = 0; start < help.size(); start = help.find('\n', start) + 1) {
    EXPECT_LE(help.find('\n', start) - start, 96u) << help.substr(start, 100);
  }
  EXPECT_THAT(VersionText(), HasSubstr("duet-server " + std::string(Version())));
}

// ---- CONFIG GET and CONFIG SET. ----

class ConfigSettingsTest : public ::testing::Test {
 protected:
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  // The error line, or "OK".
  std::string Set(const Pairs& pairs) {
    const std::optional<Error> error = settings_.Set(pairs);
    return error ? error->text : "OK";
  }
  void AcceptChanges(const std::string& name) {
    settings_.OnChange(name, [this, name](const Config& changed) -> std::optional<std::string> {
      applied_.push_back(name + "=" + FormatSetting(*FindSetting(name), changed));
      return complaint_;
    });
  }

  ConfigSettings settings_{Config{}};
  std::vector<std::string> applied_;
  std::optional<std::string> complaint_;
};

TEST_F(ConfigSettingsTest, GetsByPatternInOrderOfNames) {
  EXPECT_THAT(settings_.Get("MAX[cm]*[tysp]"),
              ElementsAre(Pair("maxclients", "10000"), Pair("maxmemory", "0"),
                          Pair("maxmemory-clients", "0"), Pair("maxmemory-eviction-tenacity", "10"),
                          Pair("maxmemory-policy", "noeviction"), Pair("maxmemory-samples", "5")));
  EXPECT_THAT(settings_.Get("databases"), ElementsAre(Pair("databases", "16")));
  EXPECT_THAT(settings_.Get("nothing-such"), ElementsAre());
}

TEST_F(ConfigSettingsTest, SpeaksRedisNamesAndForms) {
  EXPECT_EQ(settings_.Value("port"), "6379");
  EXPECT_EQ(settings_.Value("bind"), "127.0.0.1 -::1");
  EXPECT_EQ(settings_.Value("proto-max-bulk-len"), "536870912");
  EXPECT_EQ(settings_.Value("client-query-buffer-limit"), "1073741824");
  EXPECT_EQ(settings_.Value("loglevel"), "notice");
  EXPECT_EQ(settings_.Value("save"), "");
  EXPECT_EQ(settings_.Value("appendonly"), "no");
  EXPECT_EQ(settings_.Value("nothing-such"), "");
  EXPECT_EQ(settings_.Number("maxmemory"), 0);
  EXPECT_EQ(settings_.Number("databases"), 16);
  EXPECT_EQ(settings_.Number("proto-max-bulk-len"), 536870912);
  EXPECT_EQ(settings_.Number("bind"), 0);
  EXPECT_EQ(settings_.Number("nothing-such"), 0);
}

TEST_F(ConfigSettingsTest, ReportsWhatTheServerFound) {
  settings_.Report("resp-port", 40123);
  EXPECT_EQ(settings_.Value("port"), "40123");
}

TEST_F(ConfigSettingsTest, HasNoNameTwice) {
  std::set<std::string> names;
  for (const auto& [name, value] : settings_.Get("*"))
    EXPECT_TRUE(names.insert(name).second) << name;
  for (const char* name :
       {"databases", "maxclients", "maxmemory", "maxmemory-policy", "save", "appendonly", "timeout",
        "proto-max-bulk-len", "port", "bind", "requirepass", "tcp-keepalive"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST_F(ConfigSettingsTest, SetsWhatTheServerRegisteredFor) {
  AcceptChanges("maxclients");
  AcceptChanges("log-level");
  EXPECT_EQ(Set({{"MaxClients", "7"}, {"loglevel", "warning"}}), "OK");
  EXPECT_THAT(applied_, ElementsAre("maxclients=7", "log-level=warning"));
  EXPECT_EQ(settings_.Value("maxclients"), "7");
  EXPECT_EQ(settings_.Value("loglevel"), "warning");
  EXPECT_EQ(settings_.config().limits.max_clients, 7u);
}

TEST_F(ConfigSettingsTest, TakesBackWhatItSaid) {
  for (const auto& [name, value] : settings_.Get("*")) {
    const std::string answer = Set({{name, value}});
    const bool closed = answer.ends_with("can't set immutable config") ||
                        answer.ends_with("can't set protected config");
    const FixedParameter* fixed = FindFixedParameter(name);
    const bool may_be_closed = fixed != nullptr && fixed->kind != FixedParameter::Kind::kModifiable;
    EXPECT_TRUE(answer == "OK" || (closed && may_be_closed)) << name << ": " << answer;
  }
}

TEST_F(ConfigSettingsTest, HidesWhatPatternsShouldNotFind) {
  EXPECT_THAT(settings_.Get("key-load-dela*"), ElementsAre());
  EXPECT_THAT(settings_.Get("key-load-delay"), ElementsAre(Pair("key-load-delay", "0")));
  EXPECT_EQ(Set({{"key-load-delay", "5"}}),
            "ERR CONFIG SET failed (possibly related to argument 'key-load-delay') - this server "
            "supports no value but '0'");
}

TEST_F(ConfigSettingsTest, KeepsItsFiles) {
  EXPECT_TRUE(settings_.Value("dir").starts_with("/"));
  for (const char* name : {"dir", "dbfilename"}) {
    EXPECT_EQ(Set({{name, "x"}}), "ERR CONFIG SET failed (possibly related to argument '" +
                                      std::string(name) + "') - can't set protected config");
  }
}

TEST_F(ConfigSettingsTest, RefusesWhatNobodyHonours) {
  EXPECT_EQ(Set({{"maxclients", "7"}}),
            "ERR CONFIG SET failed (possibly related to argument 'maxclients') - can't set "
            "immutable config");
  EXPECT_EQ(Set({{"databases", "16"}}),
            "ERR CONFIG SET failed (possibly related to argument 'databases') - can't set "
            "immutable config");
  EXPECT_EQ(Set({{"tls-cluster", "yes"}}),
            "ERR CONFIG SET failed (possibly related to argument 'tls-cluster') - this server "
            "supports no value but 'no'");
  EXPECT_EQ(Set({{"tls-cluster", "no"}, {"save", ""}, {"appendonly", "NO"}}), "OK");
}

// The lines below are those of redis-server 7.0.15, but for "nothing", which 7.2 added.
TEST_F(ConfigSettingsTest, ErrorsAreThoseOfRedis) {
  AcceptChanges("maxclients");
  AcceptChanges("timeout");
  AcceptChanges("log-level");
  EXPECT_EQ(Set({{"foo", "1"}}),
            "ERR Unknown option or number of arguments for CONFIG SET - 'foo'");
  EXPECT_EQ(Set({{"maxclients", "abc"}}),
            "ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument couldn't "
            "be parsed into an integer");
  for (const char* beyond_int64 : {"9223372036854775808", "-9223372036854775809"}) {
    EXPECT_EQ(Set({{"timeout", beyond_int64}}),
              "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't "
              "be parsed into an integer");
  }
  EXPECT_EQ(Set({{"timeout", "9223372036854775807"}}),
            "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument must be "
            "between 0 and 2147483647 inclusive");
  EXPECT_EQ(Set({{"timeout", "-1"}}),
            "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument must be "
            "between 0 and 2147483647 inclusive");
  EXPECT_EQ(Set({{"timeout", "5"}, {"timeout", "5"}}),
            "ERR CONFIG SET failed (possibly related to argument 'timeout') - duplicate parameter");
  EXPECT_EQ(Set({{"timeout", "10"}, {"databases", "4"}, {"foo", "1"}}),
            "ERR CONFIG SET failed (possibly related to argument 'databases') - can't set "
            "immutable config");
  AcceptChanges("maxmemory");
  AcceptChanges("maxmemory-policy");
  EXPECT_EQ(Set({{"maxmemory", "10mib"}}),
            "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a "
            "memory value");
  EXPECT_EQ(Set({{"maxmemory-policy", "lru"}}),
            "ERR CONFIG SET failed (possibly related to argument 'maxmemory-policy') - argument(s) "
            "must be one of the following: volatile-lru, volatile-lfu, volatile-random, "
            "volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction");
  EXPECT_EQ(Set({{"loglevel", "x"}}),
            "ERR CONFIG SET failed (possibly related to argument 'loglevel') - argument must be "
            "debug, info, warning, error or off; after a comma also levels of server, resp, grpc, "
            "auth or commands: info,resp=debug");
  EXPECT_THAT(applied_, ElementsAre());
}

TEST_F(ConfigSettingsTest, SetsAllOrNone) {
  AcceptChanges("timeout");
  AcceptChanges("tcp-keepalive");
  EXPECT_THAT(Set({{"timeout", "5"}, {"tcp-keepalive", "x"}}), HasSubstr("'tcp-keepalive'"));
  EXPECT_THAT(applied_, ElementsAre());
  settings_.OnChange("maxclients", [](const Config&) { return std::optional<std::string>("no."); });
  EXPECT_EQ(Set({{"timeout", "5"}, {"maxclients", "6"}}),
            "ERR CONFIG SET failed (possibly related to argument 'maxclients') - no.");
  EXPECT_THAT(applied_, ElementsAre("timeout=5", "timeout=0"));  // and back
  EXPECT_EQ(settings_.Value("timeout"), "0");
}

}  // namespace
}  // namespace duet
