#include "server/config_file.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/config_settings.h"
#include "server/config_table.h"

namespace duet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The configuration that a text gives, which must be right.
Config Read(const std::string& text) {
  Config config;
  const absl::Status status = ApplyConfigText("f", text, config);
  EXPECT_TRUE(status.ok()) << status;
  return config;
}
std::string Refusal(const std::string& text) {
  Config config;
  return std::string(ApplyConfigText("f", text, config).message());
}

// ---- Reading. ----

TEST(ConfigFileTest, TakesFlagsNamesAndThoseOfRedis) {
  const Config config = Read(
      "# a comment\n"
      "\n"
      "   # another one\r\n"
      "port 7000\n"
      "  GRPC-Port  7001\r\n"
      "client-query-buffer-limit 2mb\n"
      "max-args\t10\n"
      "loglevel warning");
  EXPECT_EQ(config.resp_port, 7000);
  EXPECT_EQ(config.grpc_port, 7001);
  EXPECT_EQ(config.limits.max_request_bytes, 2u << 20);
  EXPECT_EQ(config.limits.max_args, 10u);
  EXPECT_EQ(config.log_filter.ToString(), "warning");
}

TEST(ConfigFileTest, TakesQuotesAndManyWords) {
  const Config config = Read(
      "requirepass \"a b\\n\\x41\"\n"
      "bind 127.0.0.1 -::1\n"
      "notify-keyspace-events ''\n"
      "client-output-buffer-limit normal 1mb 0 0\n"
      "client-output-buffer-limit pubsub 2mb 1mb 5 replica 0 0 0\n");
  EXPECT_EQ(config.password, "a b\nA");
  EXPECT_THAT(config.bind, ElementsAre(BindAddress{"127.0.0.1"}, BindAddress{"::1", true}));
  EXPECT_EQ(config.output_normal.hard_bytes, 1u << 20);
  EXPECT_EQ(config.output_pubsub.soft_ms, 5000);
}

TEST(ConfigFileTest, TheLastOfTwoLinesCounts) {
  EXPECT_EQ(Read("threads 1\nthreads 2").threads, 2);
  EXPECT_THAT(Read("bind 127.0.0.1\nbind ::1").bind, ElementsAre(BindAddress{"::1"}));
}

TEST(ConfigFileTest, SaysWhereAndWhatIsWrong) {
  EXPECT_EQ(Refusal("\nprt 1"), "f:2: unknown setting prt; did you mean port?");
  EXPECT_EQ(Refusal("zzzzzzzz 1"), "f:1: unknown setting zzzzzzzz; --help lists them all");
  EXPECT_EQ(Refusal("threads many"),
            "f:1: invalid value for threads: must be a whole number from 0 to 256");
  EXPECT_EQ(Refusal("port -1"),
            "f:1: invalid value for port: must be a port from 0 to 65535, or off");
  EXPECT_EQ(Refusal("threads"), "f:1: threads needs a value");
  EXPECT_EQ(Refusal("appendonly"), "f:1: appendonly needs a value");
  EXPECT_EQ(Refusal("threads 1 2"),
            "f:1: threads takes one value; put it in quotes if it has spaces");
  EXPECT_EQ(Refusal("requirepass \"a"), "f:1: unbalanced quotes");
  EXPECT_EQ(Refusal("config other"), "f:1: a configuration file cannot name another one");
  EXPECT_EQ(Refusal("threads x\nmaxclients 5\nspin-us -1"),
            Refusal("threads x") +
                "\nf:3: invalid value for spin-us: must be a whole number from 0 to 20");
}

TEST(ConfigFileTest, ShowsFiveComplaintsAndHowManyMoreThereAre) {
  std::string text, shown;
  for (int i = 1; i <= 5; ++i) {
    text += "x 1\n";
    shown +=
        (i == 1 ? "f:" : "\nf:") + std::to_string(i) + ": unknown setting x; --help lists them all";
  }
  EXPECT_EQ(Refusal(text), shown);
  EXPECT_EQ(Refusal(text + "threads 1\nx 1\n"), shown + "\nand 1 more");
  EXPECT_EQ(Refusal(text + "threads x\n\"\nthreads\n"), shown + "\nand 3 more");
}

// The path may be that of a key or of /etc/shadow.
TEST(ConfigFileTest, ShowsNothingOfTheWrongFileButHowItsWordsBegin) {
  const std::string not_a_line = "f:1: this is not a setting and its value";
  EXPECT_EQ(Refusal("root:$y$j9T$F5Jx5fExrKuPp53xLKQ..1:19000:0:99999:7:::"), not_a_line);
  EXPECT_EQ(Refusal("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ"), not_a_line);
  EXPECT_EQ(Refusal("hunter2"), not_a_line);
  EXPECT_EQ(Refusal("PASSWORD=hunter2 # mine"),
            "f:1: unknown setting PASSWORD...; --help lists them all");
  EXPECT_EQ(Refusal("\x1b[2J 1"), "f:1: unknown setting ...; --help lists them all");
  EXPECT_EQ(Refusal(std::string(25, 'q') + " 1"),
            "f:1: unknown setting " + std::string(24, 'q') + "...; --help lists them all");
  for (const SettingRow& row : SettingRows()) {
    const std::string line =
        absl::StrCat(std::string(row.name), " hunter2:", std::string(600, 'q'));
    Config config;
    const absl::Status status = ApplyConfigText("f", line, config);
    EXPECT_THAT(std::string(status.message()), ::testing::Not(HasSubstr("hunter2"))) << row.name;
  }
}

TEST(ConfigFileTest, TakesOnlyWhatIsTrueOfWhatItDoesNotHave) {
  Read("save \"\"\nappendonly NO\ndatabases 16\ndaemonize no\ndir ./\n");
  EXPECT_EQ(Refusal("save 3600 1 300 100"), "f:1: save: this server supports no value but ''");
  EXPECT_EQ(Refusal("appendonly yes"), "f:1: appendonly: this server supports no value but 'no'");
  EXPECT_EQ(Refusal("dir /"),
            "f:1: dir: the server stays in the directory in which it was started");
}

// ---- The order of flags, environment and file. ----

TEST(ConfigFileTest, FlagsWinOverTheEnvironmentWhichWinsOverTheFile) {
  const ConfigText file{"f", "threads 1\nmax-args 10\nmaxclients 5\n"};
  const std::vector<std::string> args = {"--threads", "3"};
  const auto config = ParseConfig(args, {{"DUET_THREADS", "2"}, {"DUET_MAX_ARGS", "20"}}, &file);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->threads, 3);
  EXPECT_EQ(config->limits.max_args, 20u);
  EXPECT_EQ(config->limits.max_clients, 5u);
}

TEST(ConfigFileTest, APasswordReplacesTheFileOfOneBelowIt) {
  const ConfigText file{"f", "requirepass-file /run/p\n"};
  auto config = ParseConfig(std::vector<std::string>{"--requirepass", "flag"}, {}, &file);
  EXPECT_EQ(config->password, "flag");
  EXPECT_EQ(config->password_file, "");
  config = ParseConfig({}, {{"DUET_REQUIREPASS", ""}}, &file);
  EXPECT_EQ(config->password_file, "");
  config = ParseConfig({}, {}, &file);
  EXPECT_EQ(config->password_file, "/run/p");
  const ConfigText both{"f", "requirepass-file /run/p\nrequirepass a\n"};
  EXPECT_THAT(std::string(ParseConfig({}, {}, &both).status().message()), HasSubstr("not both"));
}

TEST(ConfigFileTest, IsNamedByFlagOrEnvironment) {
  const std::vector<std::string> args = {"--config", "a"};
  EXPECT_EQ(*ConfigFileOf(args, {{"DUET_CONFIG", "b"}}), "a");
  EXPECT_EQ(*ConfigFileOf({}, {{"DUET_CONFIG", "b"}}), "b");
  EXPECT_EQ(*ConfigFileOf({}, {}), "");
  const std::vector<std::string> help = {"--config", "a", "--help"};
  EXPECT_EQ(*ConfigFileOf(help, {}), "");
}

// ---- Rewriting. ----

std::string Rewrite(const std::string& text, const Config& wanted) {
  const auto rewritten = RewriteConfigText("f", text, wanted, RewriteScope::kNotDefault);
  EXPECT_TRUE(rewritten.ok()) << rewritten.status();
  return rewritten.value_or("");
}

TEST(ConfigFileTest, LeavesALineThatIsTrueAsItIs) {
  const std::string text =
      "# doors\n"
      "\n"
      "PORT   7000\n"
      "max-value-bytes 1024kb\n"
      "save \"\"\n"
      "maxclients 5\n"
      "maxclients 6\n";
  EXPECT_EQ(Rewrite(text, Read(text)), text);
}

TEST(ConfigFileTest, ChangesALineInItsPlaceAndDropsItsRepetitions) {
  Config wanted = Read("port 7000\ntimeout 5\n");
  EXPECT_EQ(Rewrite("# a\nport 1\n# b\nTimeout 1\nport 2\ntimeout 5\n# c", wanted),
            "# a\nport 7000\n# b\nTimeout 1\ntimeout 5\n# c\n");
  EXPECT_EQ(Rewrite("port 7000\nmaxclients 5\ntimeout 5\n", wanted),
            "port 7000\nmaxclients 10000\ntimeout 5\n");
}

TEST(ConfigFileTest, AppendsWhatIsNotTheDefault) {
  const std::string all =
      "# Generated by CONFIG REWRITE\n"
      "bind 10.0.0.1 -::1\n"
      "requirepass \"a \\\"b\\\"\"\n"
      "maxclients 5\n"
      "client-output-buffer-limit normal 1gb 0 0 replica 256mb 64mb 60 pubsub 1mb 0 0\n"
      "notify-keyspace-events \"$KE\"\n"
      "loglevel warning\n";
  const Config wanted = Read(all);
  EXPECT_EQ(Rewrite("", wanted), all);
  EXPECT_EQ(Rewrite("# mine", wanted), "# mine\n" + all);
  EXPECT_EQ(Rewrite(all, wanted), all);
  EXPECT_EQ(Rewrite("", Config()), "");
}

TEST(ConfigFileTest, WhatItWritesReadsBackForEverySetting) {
  // A value that is not the default, for every kind of setting.
  for (const SettingRow& row : SettingRows()) {
    if (row.text == &Config::config_file) continue;
    Config wanted;
    if (row.kind == SettingKind::kEndpoint) {
      wanted.*row.text = "unix:/run/a+b@c.sock";
    } else if (row.fraction != nullptr) {
      wanted.*row.fraction = 0.1 + 0.2;
    } else if (row.text != nullptr) {
      wanted.*row.text = "a 'b' \"c\" \\ \xff";
    } else if (row.get_number != nullptr) {
      row.set_number(wanted, row.get_number(wanted) == row.max ? row.min : row.max);
    }
    const Config read = Read(Rewrite("", wanted));
    EXPECT_EQ(FormatSetting(row, read), FormatSetting(row, wanted)) << row.name;
  }
}

TEST(ConfigFileTest, HasALineForEachSettingWhereAllAreWanted) {
  Config wanted;
  wanted.slowlog_max_len = 5;
  const auto all = RewriteConfigText("f", "slowlog-max-len 4\n", wanted, RewriteScope::kAll);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_THAT(*all, HasSubstr("slowlog-max-len 5\n# Generated by CONFIG REWRITE\n"));
  EXPECT_THAT(*all, HasSubstr("\ntimeout 0\n"));
  Config read;
  EXPECT_TRUE(ApplyConfigText("f", *all, read).ok());
  for (const SettingRow& row : SettingRows()) {
    EXPECT_EQ(FormatSetting(row, read), FormatSetting(row, wanted)) << row.name;
  }
  EXPECT_EQ(RewriteConfigText("f", *all, wanted, RewriteScope::kAll).value_or(""), *all);
}

TEST(ConfigFileTest, DoesNotTouchATextThatItCannotRead) {
  EXPECT_THAT(
      std::string(RewriteConfigText("f", "nonsense 1\n", Config(), RewriteScope::kNotDefault)
                      .status()
                      .message()),
      HasSubstr("f:1: unknown setting nonsense"));
}

// ---- CONFIG REWRITE. ----

class RewriteTest : public ::testing::Test {
 protected:
  RewriteTest()
      : path_(::testing::TempDir() + "duet_config_" + std::to_string(getpid()) + "_" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name()) {}
  ~RewriteTest() override { std::filesystem::remove(path_); }

  void Write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  std::string Written() const { return *ReadConfigFileBlocking(path_); }
  // Settings of a server that was started with the file and these flags.
  void Start(const std::vector<std::string>& flags) {
    std::vector<const char*> argv = {"duet-server", "--config", path_.c_str()};
    for (const std::string& flag : flags) argv.push_back(flag.c_str());
    const char* none[] = {nullptr};
    const auto config = LoadConfigBlocking(static_cast<int>(argv.size()), argv.data(), none);
    ASSERT_TRUE(config.ok()) << config.status();
    settings_.emplace(*config);
    for (const char* name : {"maxclients", "timeout", "requirepass"}) {
      settings_->OnChange(name, [](const Config&) { return std::nullopt; });
    }
  }
  std::string Rewrite() {
    const std::optional<Error> error = settings_->RewriteBlocking(RewriteScope::kNotDefault);
    return error ? error->text : "OK";
  }

  const std::string path_;
  std::optional<ConfigSettings> settings_;
};

TEST_F(RewriteTest, WritesWhatConfigSetChanged) {
  Write("# mine\nmaxclients 5\nport 0\n");
  Start({"--timeout=7"});
  settings_->Report("resp-port", 40123);
  settings_->Report("threads", 2);
  EXPECT_FALSE(settings_->Set({{"maxclients", "6"}}));
  EXPECT_EQ(Rewrite(), "OK");
  EXPECT_EQ(Written(), "# mine\nmaxclients 6\nport 0\n# Generated by CONFIG REWRITE\ntimeout 7\n");
  EXPECT_FALSE(settings_->Set({{"timeout", "0"}}));
  EXPECT_EQ(Rewrite(), "OK");
  EXPECT_EQ(Written(), "# mine\nmaxclients 6\nport 0\n# Generated by CONFIG REWRITE\ntimeout 0\n");
}

TEST_F(RewriteTest, ADefaultThatDependsOnAnotherSettingStaysADefault) {
  const std::string memory = "grpc-max-memory-bytes 16mb\n";
  Write(memory);
  Start({});
  EXPECT_EQ(Rewrite(), "OK");
  EXPECT_EQ(Written(), memory);
  Write("");
  Start({"--grpc-max-memory-bytes=16mb"});
  EXPECT_EQ(Rewrite(), "OK");
  EXPECT_EQ(Written(), "# Generated by CONFIG REWRITE\n" + memory);
  // What was given is written.
  Write(memory);
  Start({"--grpc-max-message-bytes=8mb"});
  EXPECT_EQ(Rewrite(), "OK");
  EXPECT_EQ(Written(), memory + "# Generated by CONFIG REWRITE\ngrpc-max-message-bytes 8mb\n");
  Write("grpc-max-message-bytes 16mb\n" + memory);
  Start({});
  EXPECT_EQ(Rewrite(), "OK");
  EXPECT_EQ(Written(), "grpc-max-message-bytes 16mb\n" + memory);
}

TEST_F(RewriteTest, APasswordFromElsewhereStaysThere) {
  Write("");
  Start({"--requirepass=from-the-flag"});
  EXPECT_EQ(Rewrite(), "OK");
  EXPECT_EQ(Written(), "");
  EXPECT_FALSE(settings_->Set({{"requirepass", "new one"}}));
  EXPECT_EQ(Rewrite(), "OK");
  EXPECT_EQ(Written(), "# Generated by CONFIG REWRITE\nrequirepass \"new one\"\n");
}

TEST_F(RewriteTest, ANewPasswordTakesThePlaceOfThePasswordsFile) {
  const std::string secret = path_ + ".secret";
  std::ofstream(secret) << "old\n";
  const std::string line = "requirepass-file " + secret + "\n";
  Write(line);
  Start({});
  EXPECT_EQ(Rewrite(), "OK");
  EXPECT_EQ(Written(), line);
  EXPECT_FALSE(settings_->Set({{"requirepass", "new"}}));
  EXPECT_EQ(Rewrite(), "OK");
  EXPECT_EQ(Written(),
            "requirepass-file \"\"\n# Generated by CONFIG REWRITE\nrequirepass \"new\"\n");
  Start({});
  EXPECT_EQ(settings_->Value("requirepass"), "new");
  std::filesystem::remove(secret);
}

TEST_F(RewriteTest, MakesAFileThatHasGone) {
  Write("maxclients 5\n");
  Start({});
  std::filesystem::remove(path_);
  EXPECT_EQ(Rewrite(), "OK");
  EXPECT_EQ(Written(), "# Generated by CONFIG REWRITE\nmaxclients 5\n");
}

TEST_F(RewriteTest, SaysWhyItCannot) {
  EXPECT_EQ(ConfigSettings(Config{}).RewriteBlocking(RewriteScope::kAll)->text,
            "ERR The server is running without a config file");
  Write("");
  Start({});
  Write("timeout\n");
  EXPECT_EQ(Rewrite(), "ERR Rewriting config file: " + path_ + ":1: timeout needs a value");
  EXPECT_EQ(Written(), "timeout\n");
}

TEST(LoadConfigTest, SaysWhichFileIsMissing) {
  const char* argv[] = {"duet-server", "--config=/nonexistent/f"};
  EXPECT_EQ(std::string(LoadConfigBlocking(2, argv, nullptr).status().message()),
            "cannot read --config /nonexistent/f: No such file or directory");
}

}  // namespace
}  // namespace duet
