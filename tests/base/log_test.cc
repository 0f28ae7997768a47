#include "server/base/log.h"

#include <gtest/gtest.h>
#include <string>

namespace duet {
namespace {

std::string Line(LogFormat format, LogFields fields, std::string_view message = "listening") {
  return Logger::FormatLine(format, LogLevel::kInfo, "resp", message, fields);
}

TEST(Log, TextLine) {
  EXPECT_EQ(Line(LogFormat::kText, {{"address", "::1"}, {"port", 6379}, {"tls", false}}),
            "INFO  resp: listening address=::1 port=6379 tls=false");
}

TEST(Log, LogfmtLine) {
  EXPECT_EQ(Line(LogFormat::kLogfmt, {{"path", std::string("/a b")}}, "opened it"),
            "level=info target=resp message=\"opened it\" path=\"/a b\"");
}

TEST(Log, JsonLine) {
  EXPECT_EQ(Line(LogFormat::kJson, {{"port", uint16_t{1}}, {"name", "x\"y"}}),
            R"("level":"info","target":"resp","message":"listening","port":1,"name":"x\"y")");
}

TEST(Log, APeerCannotForgeALine) {
  EXPECT_EQ(Line(LogFormat::kText, {{"peer", "a\nERROR resp: b\x1b\xff"}}),
            "INFO  resp: listening peer=\"a\\u000aERROR resp: b\\u001b\\u00ff\"");
}

TEST(Log, WritesToStderrFromItsLevelOn) {
  testing::internal::CaptureStderr();
  Logger log(LogLevel::kWarning, LogFormat::kJson);
  log.Info("main", "hidden");
  log.Warning("main", "shown {}", {{"n", 1}});
  log.SetLevel(LogLevel::kOff);
  log.Error("main", "hidden too");
  const std::string out = testing::internal::GetCapturedStderr();
  EXPECT_EQ(out.find("hidden"), std::string::npos);
  EXPECT_NE(out.find(R"("message":"shown {}","n":1})"), std::string::npos) << out;
  EXPECT_EQ(out.rfind(R"({"time":"20)", 0), 0u) << out;
}

TEST(Log, NamesOfLevelsAndFormats) {
  EXPECT_EQ(ParseLogLevel("DEBUG"), LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("notice"), LogLevel::kInfo);
  EXPECT_EQ(ParseLogLevel("loud"), std::nullopt);
  EXPECT_EQ(ParseLogFormat("json"), LogFormat::kJson);
  EXPECT_EQ(ParseLogFormat(""), std::nullopt);
  Logger log(LogLevel::kError);
  EXPECT_EQ(log.level(), LogLevel::kError);
  EXPECT_FALSE(log.enabled(LogLevel::kInfo));
}

}  // namespace
}  // namespace duet
