// LATENCY's samples, their drawing, and what the doctor says.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "server/commands/latency_events.h"
#include "server/commands/latency_graph.h"
#include "server/commands/latency_report.h"
#include "server/commands/rates.h"

namespace duet::commands {
namespace {

constexpr int64_t kNow = 1'700'000'000;

TEST(LatencyEventsTest, KeepsTheLongestOfASecondAndTheNewestSeconds) {
  LatencyEvents events;
  events.Add("command", 50, kNow);
  events.Add("command", 70, kNow);
  events.Add("command", 60, kNow);
  for (size_t i = 1; i <= LatencyEvents::kMaxSamples; ++i) {
    events.Add("command", static_cast<int64_t>(i % 10), kNow + static_cast<int64_t>(i));
  }
  const LatencySeries series = *events.Find("command");
  EXPECT_EQ(series.samples.size(), LatencyEvents::kMaxSamples);
  EXPECT_EQ(series.samples.front().time_s, kNow + 1);
  EXPECT_EQ(series.max_ms, 70);
  EXPECT_FALSE(events.Find("COMMAND"));
}

TEST(LatencyEventsTest, ResetsByNameInAnyCase) {
  LatencyEvents events;
  events.Add("command", 1, kNow);
  events.Add("fast-command", 1, kNow);
  EXPECT_EQ(events.Reset("Command"), 1u);
  EXPECT_EQ(events.Reset("command"), 0u);
  EXPECT_EQ(events.ResetAll(), 1u);
  EXPECT_TRUE(events.All().empty());
}

std::string Dashes() { return std::string(80, '-') + "\n"; }

// The heights are those of redis-server 7.0.15: of 12 steps, (latency - low) * 12 / (high - low).
TEST(LatencyGraphTest, DrawsBarsAndAges) {
  const LatencySeries series{.event = "command",
                             .samples = {{kNow - 7200, 101},
                                         {kNow - 120, 250},
                                         {kNow - 14, 300},
                                         {kNow - 5, 400},
                                         {kNow, 500}},
                             .max_ms = 900};
  EXPECT_EQ(LatencyGraph(series, kNow),
            "command - high 500 ms, low 101 ms (all time high 900 ms)\n" + Dashes() +
                "    #\n"
                "   #|\n"
                " o#||\n"
                "_||||\n"
                "     \n"
                "22150\n"
                "hm4ss\n"
                "  s  \n");
}

TEST(LatencyGraphTest, ASingleSampleLiesOnTheGround) {
  const LatencySeries series{.event = "e", .samples = {{kNow - 2 * 86'400, 5}}, .max_ms = 5};
  EXPECT_EQ(LatencyGraph(series, kNow),
            "e - high 5 ms, low 5 ms (all time high 5 ms)\n" + Dashes() + " \n \n \n_\n \n2\nd\n");
}

TEST(LatencyGraphTest, BreaksAfterEightyColumns) {
  LatencySeries series{.event = "e", .samples = {}, .max_ms = 1};
  for (int i = 0; i < 81; ++i) series.samples.push_back({kNow - i, 1});
  const std::string graph = LatencyGraph(series, kNow);
  EXPECT_NE(graph.find("\n" + std::string(80, '_') + "\n"), std::string::npos);
  EXPECT_TRUE(graph.ends_with("\n\n \n \n \n_\n \n1\nm\n")) << graph;
}

TEST(LatencyReportTest, SaysHowToBegin) {
  EXPECT_NE(LatencyReport({}, {}, kNow).find("latency-monitor-threshold"), std::string::npos);
  EXPECT_NE(LatencyReport({}, {.latency_ms = 100}, kNow).find("Nothing took 100 ms"),
            std::string::npos);
}

TEST(LatencyReportTest, CountsAndAdvises) {
  const std::vector<LatencySeries> all = {
      {.event = "command", .samples = {{kNow - 10, 100}, {kNow - 4, 300}}, .max_ms = 350},
      {.event = "unheard-of", .samples = {{kNow, 20}}, .max_ms = 20}};
  const std::string report = LatencyReport(all, {.latency_ms = 20, .slower_than_us = -1}, kNow);
  EXPECT_NE(report.find("1. command: 2, on average 200 ms (mean deviation 100 ms), one every 5.00 "
                        "seconds. The longest took 350 ms.\n2. unheard-of: 1, "),
            std::string::npos)
      << report;
  EXPECT_NE(report.find("CONFIG SET slowlog-log-slower-than 20000 "), std::string::npos);
  EXPECT_EQ(LatencyReport(all, {.latency_ms = 20, .slower_than_us = 20'000}, kNow)
                .find("CONFIG SET slowlog-log-slower-than"),
            std::string::npos);
}

TEST(RatesTest, AveragesSixteenSamples) {
  Rates rates;
  rates.Sample({.commands = 1000, .bytes_in = 0, .bytes_out = 0}, 5000);
  EXPECT_EQ(rates.commands_per_second(), 0u);
  uint64_t commands = 1000;
  for (int i = 1; i <= 16; ++i) {
    commands += 50;
    rates.Sample({.commands = commands, .bytes_in = commands * 10, .bytes_out = 7}, 5000 + i * 100);
  }
  EXPECT_EQ(rates.commands_per_second(), 500u);
  EXPECT_GE(rates.bytes_in_per_second(), 5000u);
  for (int i = 17; i <= 32; ++i) {
    rates.Sample({.commands = commands, .bytes_in = commands * 10, .bytes_out = 7}, 5000 + i * 100);
  }
  EXPECT_EQ(rates.commands_per_second(), 0u);
  EXPECT_EQ(rates.bytes_in_per_second(), 0u);
}

TEST(RatesTest, AClockThatWasSetBackDoesNotCount) {
  Rates rates;
  rates.Sample({.commands = 0}, 5000);
  rates.Sample({.commands = 10}, 4000);
  rates.Sample({.commands = 10}, 5000);
  EXPECT_EQ(rates.commands_per_second(), 0u);
  rates.Sample({.commands = 170}, 6000);
  EXPECT_EQ(rates.commands_per_second(), 10u);
}

}  // namespace
}  // namespace duet::commands
