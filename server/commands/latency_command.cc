// LATENCY: how long commands take, and what took too long.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/base/clock.h"
#include "server/commands/command_check.h"
#include "server/commands/command_info_lookup.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/help_text.h"
#include "server/commands/latency_graph.h"
#include "server/commands/latency_report.h"
#include "server/commands/statistics.h"

namespace duet::commands {
namespace {

// An upper bound in microseconds, and how many calls took at most that.
using Cumulative = std::vector<std::pair<int64_t, uint64_t>>;

// Redis' bounds: 1024 ns, and twice as much each time up to about a second, without those that add
// no call. Longer calls count into the last.
Cumulative MakeCumulative(const metrics::LatencyCounts& latencies) {
  constexpr int kBounds = 21;
  const double ticks_per_us = CycleClock::TicksPerUs();
  const uint64_t calls = TotalOf(latencies);
  Cumulative cumulative;
  uint64_t before = 0;
  for (int i = 0; i < kBounds && before < calls; ++i) {
    const int64_t bound_ns = int64_t{1024} << i;
    const double ticks = static_cast<double>(bound_ns) / 1000 * ticks_per_us;
    const uint64_t count = i + 1 == kBounds ? calls : metrics::CountUpTo(latencies, ticks);
    if (count > before) cumulative.emplace_back(bound_ns / 1000, count);
    before = count;
  }
  return cumulative;
}

struct NamedHistogram {
  const Command* command;
  metrics::LatencyCounts latencies;
};

// The command and its subcommands, as far as they were called.
void CollectHistograms(const metrics::Registry& registry, const Command& command,
                       std::vector<NamedHistogram>& found) {
  metrics::LatencyCounts latencies = SumLatencies(registry, command.index);
  if (TotalOf(latencies) > 0) found.push_back({&command, latencies});
  for (const Command* sub : command.subcommands) CollectHistograms(registry, *sub, found);
}

void LatencyHistogram(CommandContext& ctx) {
  const metrics::Registry& registry = *ctx.server.metrics;
  std::vector<NamedHistogram> histograms;
  const Argv names = ctx.args.subspan(2);
  if (names.empty()) {
    for (const Command& command : TopLevelCommands()) {
      CollectHistograms(registry, command, histograms);
    }
  }
  for (const std::string_view name : names) {
    const Command* command = FindFullName(name);
    if (command != nullptr) CollectHistograms(registry, *command, histograms);
  }
  ctx.reply.Map(histograms.size());
  for (const NamedHistogram& histogram : histograms) {
    ctx.reply.Bulk(histogram.command->full_name);
    ctx.reply.Map(2);
    ctx.reply.Bulk("calls");
    ctx.reply.Integer(static_cast<int64_t>(TotalOf(histogram.latencies)));
    ctx.reply.Bulk("histogram_usec");
    const Cumulative cumulative = MakeCumulative(histogram.latencies);
    ctx.reply.Map(cumulative.size());
    for (const auto& [bound_us, count] : cumulative) {
      ctx.reply.Integer(bound_us);
      ctx.reply.Integer(static_cast<int64_t>(count));
    }
  }
}

void LatencyLatest(CommandContext& ctx) {
  const std::vector<LatencySeries> all = ctx.server.trace.latency().All();
  ctx.reply.Array(all.size());
  for (const LatencySeries& series : all) {
    ctx.reply.Array(4);
    ctx.reply.Bulk(series.event);
    ctx.reply.Integer(series.samples.back().time_s);
    ctx.reply.Integer(series.samples.back().latency_ms);
    ctx.reply.Integer(series.max_ms);
  }
}

void LatencyHistory(CommandContext& ctx) {
  const std::optional<LatencySeries> series = ctx.server.trace.latency().Find(ctx.args[2]);
  if (!series) return ctx.reply.Array(0);
  ctx.reply.Array(series->samples.size());
  for (const LatencySample& sample : series->samples) {
    ctx.reply.Array(2);
    ctx.reply.Integer(sample.time_s);
    ctx.reply.Integer(sample.latency_ms);
  }
}

void LatencyReset(CommandContext& ctx) {
  LatencyEvents& events = ctx.server.trace.latency();
  const Argv names = ctx.args.subspan(2);
  size_t forgotten = names.empty() ? events.ResetAll() : 0;
  for (const std::string_view name : names) forgotten += events.Reset(name);
  ctx.reply.Integer(static_cast<int64_t>(forgotten));
}

void LatencyGraphOf(CommandContext& ctx) {
  const std::optional<LatencySeries> series = ctx.server.trace.latency().Find(ctx.args[2]);
  if (!series) {
    const std::string event(ctx.args[2]);
    return ctx.reply.Error(
        MakeError(ErrorCode::kNotFound, "ERR No samples available for event '" + event + "'"));
  }
  ctx.reply.Verbatim("txt", LatencyGraph(*series, ctx.now_ms / 1000));
}

void LatencyDoctor(CommandContext& ctx) {
  CommandTrace& trace = ctx.server.trace;
  const LatencyThresholds thresholds{.latency_ms = trace.latency_threshold_ms(),
                                     .slower_than_us = trace.slower_than_us()};
  ctx.reply.Verbatim("txt", LatencyReport(trace.latency().All(), thresholds, ctx.now_ms / 1000));
}

void LatencyHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "DOCTOR",
      "    Return a human readable latency analysis report.",
      "GRAPH <event>",
      "    Return an ASCII latency graph for the <event> class.",
      "HISTORY <event>",
      "    Return time-latency samples for the <event> class.",
      "LATEST",
      "    Return the latest latency samples for all events.",
      "RESET [<event> ...]",
      "    Reset latency data of one or more <event> classes.",
      "    (default: reset all data for all event classes)",
      "HISTOGRAM [COMMAND ...]",
      "    Return a cumulative distribution of latencies in the format of a histogram for the "
      "specified command names.",
      "    If no commands are specified then all histograms are replied.",
  };
  ReplyHelp(ctx.reply, "LATENCY", kLines);
}

constexpr uint32_t kAnyTime = kLoading | kStale;
constexpr uint32_t kAdminOnly = kAdmin | kNoScript | kAnyTime;
constexpr std::string_view kReportTips =
    "nondeterministic_output request_policy:all_nodes response_policy:special";

constexpr CommandSpec kSubcommands[] = {
    {.name = "histogram",
     .arity = -2,
     .flags = kAdminOnly,
     .group = "server",
     .since = "7.0.0",
     .summary = "Returns how long the calls of commands took.",
     .complexity = "O(N) where N is the number of commands with latency information being "
                   "retrieved.",
     .syntax = "[command [command ...]]",
     .handler = LatencyHistogram,
     .tips = kReportTips},
    {.name = "latest",
     .arity = 2,
     .flags = kAdminOnly,
     .group = "server",
     .since = "2.8.13",
     .summary = "Returns the latest event of each kind.",
     .complexity = "O(1)",
     .handler = LatencyLatest,
     .tips = kReportTips},
    {.name = "history",
     .arity = 3,
     .flags = kAdminOnly,
     .group = "server",
     .since = "2.8.13",
     .summary = "Returns the events of a kind.",
     .complexity = "O(1)",
     .syntax = "event",
     .handler = LatencyHistory,
     .tips = kReportTips},
    {.name = "reset",
     .arity = -2,
     .flags = kAdminOnly,
     .group = "server",
     .since = "2.8.13",
     .summary = "Forgets the events, all of them or those of some kinds.",
     .complexity = "O(1)",
     .syntax = "[event [event ...]]",
     .handler = LatencyReset,
     .tips = "request_policy:all_nodes response_policy:all_succeeded"},
    {.name = "graph",
     .arity = 3,
     .flags = kAdminOnly,
     .group = "server",
     .since = "2.8.13",
     .summary = "Draws the events of a kind.",
     .complexity = "O(1)",
     .syntax = "event",
     .handler = LatencyGraphOf,
     .tips = kReportTips},
    {.name = "doctor",
     .arity = 2,
     .flags = kAdminOnly,
     .group = "server",
     .since = "2.8.13",
     .summary = "Tells people what the events mean.",
     .complexity = "O(1)",
     .handler = LatencyDoctor,
     .tips = kReportTips},
    {.name = "help",
     .arity = 2,
     .flags = kAnyTime,
     .group = "server",
     .since = "2.8.13",
     .summary = "Describes the subcommands.",
     .complexity = "O(1)",
     .handler = LatencyHelp},
};

constexpr CommandSpec kRows[] = {
    {.name = "latency",
     .arity = -2,
     .group = "server",
     .since = "2.8.13",
     .summary = "Holds the commands about latency.",
     .complexity = "Depends on subcommand.",
     .subcommands = kSubcommands},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> LatencyCommands() { return kRows; }

}  // namespace duet::commands
