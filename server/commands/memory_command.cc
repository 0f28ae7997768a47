// MEMORY: what takes memory, and what could be done about it.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/commands/command_spec.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/help_text.h"
#include "server/commands/memory_doctor.h"
#include "server/commands/memory_report.h"
#include "server/store/bucket.h"
#include "server/store/expiry_index.h"

namespace duet::commands {
namespace {

// MEMORY USAGE key [SAMPLES count]. A string is measured whole, so nothing is sampled.
void MemoryUsage(CommandContext& ctx) {
  for (size_t i = 3; i < ctx.args.size(); ++i) {
    const bool is_samples = EqualsIgnoreCase(ctx.args[i], "samples") && i + 1 < ctx.args.size();
    if (!is_samples) return ctx.reply.Error(SyntaxError());
    const std::optional<int64_t> samples = ParseInt64(ctx.args[++i]);
    if (!samples) return ctx.reply.Error(NotAnInteger());
    if (*samples < 0) return ctx.reply.Error(SyntaxError());
  }
  const store::Entry* entry = ctx.db.Find(ctx.key());
  if (entry == nullptr) return ctx.reply.Null();
  size_t bytes = entry->allocated_bytes() + sizeof(store::Slot);
  if (entry->expire_at_ms() != store::kNoExpiry) bytes += store::ExpiryIndex::kItemBytes;
  ctx.reply.Integer(static_cast<int64_t>(bytes));
}

class StatsWriter {
 public:
  explicit StatsWriter(ReplyWriter& reply) : reply_(reply) {}

  void Field(std::string_view name, uint64_t value) { Field(name, static_cast<int64_t>(value)); }
  void Field(std::string_view name, int64_t value) {
    reply_.Bulk(name);
    reply_.Integer(value);
  }
  void Field(std::string_view name, double value) {
    reply_.Bulk(name);
    reply_.Double(value);
  }
  void Database(size_t number, const store::StoreStats& stats) {
    reply_.Bulk("db." + std::to_string(number));
    reply_.Map(2);
    Field("overhead.hashtable.main", stats.table_bytes - stats.expiry_bytes);
    Field("overhead.hashtable.expires", stats.expiry_bytes);
  }

 private:
  ReplyWriter& reply_;
};

// What there is none of: replicas, a cluster, a log, scripts.
constexpr std::string_view kNothing[] = {
    "replication.backlog", "clients.slaves",   "cluster.links", "aof.buffer",
    "lua.caches",          "functions.caches", "script.VMs",
};

void WriteSizes(StatsWriter& out, const MemoryReport& report) {
  out.Field("overhead.db.hashtable.lut", report.total.table_bytes);
  out.Field("overhead.total", report.overhead());
  out.Field("keys.count", report.total.keys);
  out.Field("keys.bytes-per-key", report.total.keys == 0 ? 0 : report.net() / report.total.keys);
  out.Field("dataset.bytes", report.dataset());
  out.Field("dataset.percentage", 100 * RatioOf(report.dataset(), report.net()));
  out.Field("peak.percentage", 100 * RatioOf(report.used, report.peak));
}

void WriteAllocator(StatsWriter& out, const MemoryReport& report) {
  const AllocatorFigures& allocator = report.allocator;
  const uint64_t resident = report.process.resident_bytes;
  out.Field("allocator.allocated", allocator.allocated_bytes);
  out.Field("allocator.active", allocator.active_bytes);
  out.Field("allocator.resident", allocator.resident_bytes);
  out.Field("allocator.muzzy", allocator.muzzy_bytes);
  out.Field("allocator-fragmentation.ratio",
            RatioOf(allocator.active_bytes, allocator.allocated_bytes));
  out.Field("allocator-fragmentation.bytes",
            DifferenceOf(allocator.active_bytes, allocator.allocated_bytes));
  out.Field("allocator-rss.ratio", RatioOf(allocator.resident_bytes, allocator.active_bytes));
  out.Field("allocator-rss.bytes", DifferenceOf(allocator.resident_bytes, allocator.active_bytes));
  out.Field("rss-overhead.ratio", RatioOf(resident, allocator.resident_bytes));
  out.Field("rss-overhead.bytes", DifferenceOf(resident, allocator.resident_bytes));
  out.Field("fragmentation", RatioOf(resident, report.used));
  out.Field("fragmentation.bytes", DifferenceOf(resident, report.used));
}

void MemoryStats(CommandContext& ctx) {
  constexpr size_t kTotals = 4;
  constexpr size_t kSizes = 7;
  constexpr size_t kOfAllocator = 12;
  const MemoryReport report = ReportMemory(ctx.server, ctx.now_ms);
  size_t databases = 0;
  for (const store::StoreStats& stats : report.databases) databases += stats.keys > 0 ? 1 : 0;
  ctx.reply.Map(kTotals + std::size(kNothing) + databases + kSizes + kOfAllocator);
  StatsWriter out(ctx.reply);
  out.Field("peak.allocated", report.peak);
  out.Field("total.allocated", report.used);
  out.Field("startup.allocated", report.startup);
  out.Field("clients.normal", report.clients);
  for (const std::string_view name : kNothing) out.Field(name, uint64_t{0});
  for (size_t i = 0; i < report.databases.size(); ++i) {
    if (report.databases[i].keys > 0) out.Database(i, report.databases[i]);
  }
  WriteSizes(out, report);
  WriteAllocator(out, report);
}

void MemoryDoctor(CommandContext& ctx) {
  const MemoryReport report = ReportMemory(ctx.server, ctx.now_ms);
  ctx.reply.Verbatim("txt", ExamineMemory(report));
}

void MemoryMallocStats(CommandContext& ctx) { ctx.reply.Verbatim("txt", AllocatorStatistics()); }

void MemoryPurge(CommandContext& ctx) {
  if (PurgeAllocator()) return ctx.reply.Ok();
  ctx.reply.Error(MakeError(ErrorCode::kGeneric, "ERR Error purging dirty pages"));
}

void MemoryHelp(CommandContext& ctx) {
  static constexpr std::string_view kLines[] = {
      "DOCTOR",
      "    Return memory problems reports.",
      "MALLOC-STATS",
      "    Return internal statistics report from the memory allocator.",
      "PURGE",
      "    Attempt to purge dirty pages for reclamation by the allocator.",
      "STATS",
      "    Return information about the memory usage of the server.",
      "USAGE <key> [SAMPLES <count>]",
      "    Return memory in bytes used by <key> and its value. Nested values are",
      "    sampled up to <count> times (default: 5, 0 means sample all).",
  };
  ReplyHelp(ctx.reply, "MEMORY", kLines);
}

constexpr std::string_view kOfEveryNode =
    "nondeterministic_output request_policy:all_shards response_policy:special";

constexpr CommandSpec kSubcommands[] = {
    {.name = "usage",
     .arity = -3,
     .flags = kReadOnly | kKeepsAccess,
     .keys = {.first = 2, .last = 2, .step = 1, .access = kKeyRO},
     .group = "server",
     .since = "4.0.0",
     .summary = "Returns the bytes that a key and its value take.",
     .complexity = "O(1)",
     .syntax = "key [SAMPLES count]",
     .handler = MemoryUsage},
    {.name = "stats",
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Returns where the memory is.",
     .complexity = "O(1)",
     .handler = MemoryStats,
     .tips = kOfEveryNode},
    {.name = "doctor",
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Says what is unusual about the use of memory.",
     .complexity = "O(1)",
     .handler = MemoryDoctor,
     .tips = kOfEveryNode},
    {.name = "malloc-stats",
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Returns the statistics that the allocator prints.",
     .complexity = "Depends on how much memory is allocated.",
     .handler = MemoryMallocStats,
     .tips = kOfEveryNode},
    {.name = "purge",
     .arity = 2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Gives memory that the allocator keeps back to the operating system.",
     .complexity = "Depends on how much memory there is to give back.",
     .handler = MemoryPurge,
     .tips = "request_policy:all_shards response_policy:all_succeeded"},
    {.name = "help",
     .arity = 2,
     .flags = kLoading | kStale,
     .group = "server",
     .since = "4.0.0",
     .summary = "Describes the subcommands.",
     .complexity = "O(1)",
     .handler = MemoryHelp},
};

constexpr CommandSpec kRows[] = {
    {.name = "memory",
     .arity = -2,
     .group = "server",
     .since = "4.0.0",
     .summary = "Holds the commands about the use of memory.",
     .complexity = "Depends on subcommand.",
     .subcommands = kSubcommands},
};
static_assert(RowsAreValid(kRows));

}  // namespace

std::span<const CommandSpec> MemoryCommands() { return kRows; }

}  // namespace duet::commands
