#include "server/base/log.h"

#include <gtest/gtest.h>
#include <string>

namespace duet {
namespace {

std::string Line(LogFormat format, LogFields fields, std::string_view message = "listening") {
  return Logger::FormatLine(format, LogLevel::kInfo, LogTarget::kResp, message, fields);
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

// What `log` does with a logger of its own, as it stands on stderr.
template <typename Use>
std::string Written(LogFilter filter, LogFormat format, Use use) {
  testing::internal::CaptureStderr();
  {
    Logger log(filter, format);
    use(log);
  }
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesToStderrFromItsLevelOn) {
  const std::string out = Written(LogFilter(LogLevel::kWarning), LogFormat::kJson, [](Logger& log) {
    log.Info(LogTarget::kServer, "hidden");
    log.Warning(LogTarget::kServer, "shown {}", {{"n", 1}});
    log.SetFilter(LogFilter(LogLevel::kOff));
    log.Error(LogTarget::kServer, "hidden too");
    EXPECT_EQ(log.figures().lines[static_cast<size_t>(LogLevel::kWarning)], 1u);
    EXPECT_EQ(log.figures().lines[static_cast<size_t>(LogLevel::kError)], 0u);
  });
  EXPECT_EQ(out.find("hidden"), std::string::npos);
  EXPECT_NE(out.find(R"("message":"shown {}","n":1})"), std::string::npos) << out;
  EXPECT_EQ(out.rfind(R"({"time":"20)", 0), 0u) << out;
}

TEST(Log, TargetsHaveLevelsOfTheirOwn) {
  const std::string out =
      Written(*LogFilter::Parse("error,resp=debug"), LogFormat::kText, [](Logger& log) {
        log.Debug(LogTarget::kResp, "shown");
        log.Info(LogTarget::kGrpc, "hidden");
        EXPECT_TRUE(log.enabled(LogTarget::kResp, LogLevel::kDebug));
        EXPECT_FALSE(log.enabled(LogTarget::kGrpc, LogLevel::kWarning));
      });
  EXPECT_NE(out.find("DEBUG resp: shown\n"), std::string::npos) << out;
  EXPECT_EQ(out.find("hidden"), std::string::npos);
}

TEST(Log, APlaceThatRepeatsItselfIsHeldBack) {
  const std::string out = Written(LogFilter(), LogFormat::kLogfmt, [](Logger& log) {
    for (int i = 0; i < 10'000; ++i) log.Info(LogTarget::kResp, "again", {{"i", i}});
    log.Info(LogTarget::kResp, "another");
    EXPECT_GT(log.figures().held_back, 5'000u);  // some seconds may have passed meanwhile
  });
  EXPECT_NE(out.find("i=19\n"), std::string::npos);
  EXPECT_NE(out.find("message=another"), std::string::npos);
}

TEST(Log, NamesOfFormats) {
  EXPECT_EQ(ParseLogFormat("json"), LogFormat::kJson);
  EXPECT_EQ(ParseLogFormat(""), std::nullopt);
}

TEST(LineRateLimit, CountsWhatItHoldsBackUntilTheNextSecond) {
  constexpr int64_t kSecond = 1'000'000'000;
  constexpr std::string_view kMessage = "one";
  LineRateLimit limit;
  for (uint32_t i = 0; i < LineRateLimit::kPerSecond; ++i) {
    EXPECT_TRUE(limit.Ask(kMessage, 5 * kSecond + i).passes);
  }
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limit.Ask(kMessage, 5 * kSecond + 500).passes);
  EXPECT_TRUE(limit.Ask("two", 5 * kSecond).passes);
  const LineRateLimit::Verdict later = limit.Ask(kMessage, 6 * kSecond);
  EXPECT_TRUE(later.passes);
  EXPECT_EQ(later.held_back, 3u);
  EXPECT_EQ(limit.Ask(kMessage, 6 * kSecond).held_back, 0u);
  EXPECT_EQ(limit.held_back(), 3u);
}

TEST(LogFilter, ParsesAndPrints) {
  const auto again = [](std::string_view text) {
    const std::optional<LogFilter> filter = LogFilter::Parse(text);
    return filter ? filter->ToString() : "";
  };
  EXPECT_EQ(again("info"), "info");
  EXPECT_EQ(again("VERBOSE"), "debug");
  EXPECT_EQ(again("nothing"), "off");
  EXPECT_EQ(again("warn,grpc=error,resp=debug"), "warning,resp=debug,grpc=error");
  EXPECT_EQ(again("info,resp=debug,resp=info"), "info");
  EXPECT_EQ(again("info,commands=notice"), "info");
  for (const std::string_view bad :
       {"", ",", "info,", "info,,resp=debug", "resp=debug", "info,resp",
        "info,resp=", "info,=debug", "info,moon=debug", "info, resp=debug", "loud", "0"}) {
    EXPECT_EQ(again(bad), "") << bad;
  }
}

TEST(LogFilter, OneLevelForAll) {
  EXPECT_EQ(LogFilter::Parse("error")->OnlyLevel(), LogLevel::kError);
  EXPECT_EQ(LogFilter::Parse("error,auth=info")->OnlyLevel(), std::nullopt);
  EXPECT_EQ(LogFilter::Parse("error,auth=error")->OnlyLevel(), LogLevel::kError);
  const LogFilter filter = *LogFilter::Parse("off,commands=debug");
  EXPECT_EQ(LogFilter::FromPacked(filter.packed()).ToString(), "off,commands=debug");
}

}  // namespace
}  // namespace duet
