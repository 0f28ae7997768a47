#include "server/config_environment.h"

#include <gtest/gtest.h>
#include <string>

namespace duet {
namespace {

std::string Refusal(const Environment& env) {
  Config config;
  return std::string(ReadEnvironment(env, config).message());
}

TEST(EnvironmentTest, ReadsSettingsByAllTheirNames) {
  Config config;
  ASSERT_TRUE(ReadEnvironment({{"DUET_MAX_ARGS", "100"}, {"DUET_LOGLEVEL", "debug"}}, config).ok());
  EXPECT_EQ(config.limits.max_args, 100u);
  EXPECT_EQ(config.log_filter.ToString(), "debug");
  ASSERT_TRUE(ReadEnvironment({{"DUET_PORT", "7000"}}, config).ok());
  EXPECT_EQ(config.resp_port, 7000);
}

TEST(EnvironmentTest, NamesTheVariableThatIsWrong) {
  EXPECT_EQ(Refusal({{"DUET_THREADS", "many"}}),
            "invalid value 'many' for DUET_THREADS: must be a whole number from 0 to 256");
  EXPECT_EQ(Refusal({{"DUET_REQUIREPASS_FILE", std::string(1, '\0')}}).substr(0, 13),
            "invalid value");
}

TEST(EnvironmentTest, RefusesWhatIsNoSettingAndNamesTheNearest) {
  EXPECT_EQ(Refusal({{"DUET_MAXCLIENT", "5"}}),
            "unknown variable DUET_MAXCLIENT; did you mean DUET_MAXCLIENTS?");
  EXPECT_EQ(Refusal({{"DUET_MAX_CLIENTS", "5"}}),
            "unknown variable DUET_MAX_CLIENTS; did you mean DUET_MAXCLIENTS?");
  EXPECT_EQ(Refusal({{"DUET_maxclients", "5"}}),
            "unknown variable DUET_maxclients; did you mean DUET_MAXCLIENTS?");
  EXPECT_EQ(Refusal({{"DUET_PASSWORD", "secret"}}),
            "unknown variable DUET_PASSWORD; --help lists all settings");
  EXPECT_EQ(Refusal({{"DUET_VERSIO", "1"}}),
            "unknown variable DUET_VERSIO; --help lists all settings");
  EXPECT_EQ(Refusal({{"DUET_", "1"}}), "unknown variable DUET_; --help lists all settings");
}

TEST(EnvironmentTest, PassesOverForeignVariables) {
  EXPECT_EQ(Refusal({{"HOME", "/"}, {"DUETTO", "1"}, {"duet_threads", "x"}}), "");
}

// What Kubernetes says of the Services duet, duet-x and duet-headless, and Docker of links.
TEST(EnvironmentTest, PassesOverServiceLinks) {
  Config config;
  const Environment env = {{"DUET_PORT", "tcp://10.0.0.1:6379"},
                           {"DUET_RESP_PORT", "tcp://10.0.0.1:6379"},
                           {"DUET_GRPC_PORT", "udp://10.0.0.1:6379"},
                           {"DUET_SERVICE_HOST", "10.0.0.1"},
                           {"DUET_SERVICE_PORT", "6379"},
                           {"DUET_SERVICE_PORT_RESP", "6379"},
                           {"DUET_PORT_6379_TCP", "tcp://10.0.0.1:6379"},
                           {"DUET_PORT_6379_TCP_ADDR", "10.0.0.1"},
                           {"DUET_PORT_6379_TCP_PORT", "6379"},
                           {"DUET_PORT_6379_TCP_PROTO", "tcp"},
                           {"DUET_HEADLESS_PORT_53_UDP", "udp://10.0.0.1:53"},
                           {"DUET_X_PORT", "tcp://10.0.0.2:1"},
                           {"DUET_X_PORT_8080_PORT_80_TCP", "tcp://10.0.0.2:80"}};
  EXPECT_EQ(std::string(ReadEnvironment(env, config).message()), "");
  EXPECT_EQ(config.resp_port, 6379);
  EXPECT_EQ(config.grpc_port, 50051);
  EXPECT_EQ(Refusal({{"DUET_X_PORT", "7000"}}).substr(0, 28), "unknown variable DUET_X_PORT");
  EXPECT_EQ(Refusal({{"DUET_PORT_X_TCP", "7000"}}).substr(0, 16), "unknown variable");
}

}  // namespace
}  // namespace duet
