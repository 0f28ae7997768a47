// INFO and TIME.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/info_sections.h"
#include "server/commands/info_text.h"

namespace duet::commands {

std::string HumanBytes(uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + "B";
  constexpr std::string_view kUnits = "KMGTP";
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return Fixed(value, 2) + kUnits[unit];
}

std::string Fixed(double value, int digits) {
  char text[352];  // the longest double has 309 digits before the point
  std::snprintf(text, sizeof(text), "%.*f", digits, value);
  return text;
}

namespace {

struct NamedSection {
  std::string_view name;
  InfoSection write;
  bool by_default;
};

// In the order in which they are printed, whatever the order in which they are asked for.
constexpr NamedSection kSections[] = {
    {"server", InfoServer, true},
    {"clients", InfoClients, true},
    {"memory", InfoMemory, true},
    {"persistence", InfoPersistence, true},
    {"stats", InfoStats, true},
    {"replication", InfoReplication, true},
    {"cpu", InfoCpu, true},
    {"modules", InfoModules, true},
    {"commandstats", InfoCommandStats, false},
    {"errorstats", InfoErrorStats, true},
    {"latencystats", InfoLatencyStats, false},
    {"cluster", InfoCluster, true},
    {"keyspace", InfoKeyspace, true},
};

// A name of no section asks for nothing.
bool IsWanted(const NamedSection& section, Argv names) {
  if (names.empty()) return section.by_default;
  return std::any_of(names.begin(), names.end(), [&section](std::string_view name) {
    return EqualsIgnoreCase(name, section.name) || EqualsIgnoreCase(name, "all") ||
           EqualsIgnoreCase(name, "everything") ||
           (EqualsIgnoreCase(name, "default") && section.by_default);
  });
}

void Info(CommandContext& ctx) {
  InfoText text;
  for (const NamedSection& section : kSections) {
    if (IsWanted(section, ctx.args.subspan(1))) section.write(ctx, text);
  }
  ctx.reply.Verbatim("txt", text.text());
}

void Time(CommandContext& ctx) {
  const int64_t now_us = ctx.server.clock->WallUs();
  ctx.reply.Array(2);
  ctx.reply.BulkInteger(now_us / 1'000'000);
  ctx.reply.BulkInteger(now_us % 1'000'000);
}

constexpr CommandSpec kRows[] = {
    {.name = "info",
     .arity = -1,
     .flags = kLoading | kStale,
     .acl = kAclDangerous,
     .group = "server",
     .since = "1.0.0",
     .summary = "Returns figures and states of the server.",
     .complexity = "O(1)",
     .syntax = "[section [section ...]]",
     .handler = Info,
     .tips = "nondeterministic_output request_policy:all_shards response_policy:special"},
    {.name = "time",
     .arity = 1,
     .flags = kLoading | kStale | kFast,
     .group = "server",
     .since = "2.6.0",
     .summary = "Returns the server's time.",
     .complexity = "O(1)",
     .handler = Time,
     .tips = "nondeterministic_output"},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> InfoCommands() { return kRows; }

}  // namespace duet::commands
