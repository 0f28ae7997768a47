// What the configuration takes from outside of it: the password's file, main's arguments, the
// machine's addresses.
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/config.h"
#include "tests/support/temp_directory.h"

namespace duet {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PasswordFileTest : public ::testing::Test {
 protected:
  absl::Status Load(const std::string& content) {
    std::ofstream(config_.password_file, std::ios::binary) << content;
    return LoadPasswordFileBlocking(config_);
  }

  const testing::TempDirectory directory_;
  Config config_ = [this] {
    Config config;
    config.password_file = directory_.path("password");
    return config;
  }();
};

TEST_F(PasswordFileTest, DropsTheNewline) {
  for (const char* content : {"secret", "secret\n", "secret\r\n"}) {
    ASSERT_TRUE(Load(content).ok());
    EXPECT_EQ(config_.password, "secret");
  }
}

TEST_F(PasswordFileTest, HoldsItsBounds) {
  EXPECT_TRUE(Load(std::string(512, 'a') + "\r\n").ok());
  for (const std::string& content :
       {std::string(513, 'a'), std::string(100'000, 'a'), std::string(), std::string("\n"),
        std::string("a\nb"), std::string("a\0b", 3)}) {
    EXPECT_THAT(std::string(Load(content).message()), HasSubstr("one line of 1 to 512 bytes"));
  }
}

TEST_F(PasswordFileTest, SaysWhyItCannotBeRead) {
  config_.password_file = "/nonexistent/file";
  EXPECT_EQ(std::string(LoadPasswordFileBlocking(config_).message()),
            "cannot read --requirepass-file /nonexistent/file: No such file or directory");
  config_.password_file = "/";
  EXPECT_THAT(std::string(LoadPasswordFileBlocking(config_).message()),
              HasSubstr("cannot read --requirepass-file /: Is a directory"));
}

TEST(LoadConfig, TakesArgumentsAndEnvironmentAsMainHasThem) {
  const char* argv[] = {"duet-server", "--port", "0"};
  const char* environment[] = {"DUET_THREADS=3", "NOEQUALS", "DUET_REQUIREPASS=a=b", nullptr};
  const auto config = LoadConfigBlocking(3, argv, environment);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->resp_port, 0);
  EXPECT_EQ(config->threads, 3);
  EXPECT_EQ(config->password, "a=b");
}

TEST(BindHosts, LeavesOutOptionalAddressesThatTheMachineLacks) {
  Config config;
  config.bind = {{"127.0.0.1", false}, {"203.0.113.9", true}, {"203.0.113.8", false}, {"::", true}};
  const std::vector<std::string> hosts = BindHostsBlocking(config);
  EXPECT_THAT(hosts, ::testing::Contains("127.0.0.1"));
  EXPECT_THAT(hosts, Not(::testing::Contains("203.0.113.9")));
  EXPECT_THAT(hosts, ::testing::Contains("203.0.113.8"));  // its listener will say what is wrong
}

}  // namespace
}  // namespace duet
