// INFO of what the workers counted, summed over them.
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "server/base/clock.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/info_sections.h"
#include "server/commands/info_text.h"
#include "server/metrics/worker_counters.h"
#include "server/pubsub/hub.h"

namespace duet::commands {
namespace {

using metrics::Registry;
using metrics::WorkerCounters;

struct CommandSums {
  uint64_t calls = 0;
  uint64_t failed = 0;
  uint64_t rejected = 0;
  uint64_t ticks = 0;
};

CommandSums SumCommand(const Registry& registry, size_t index) {
  CommandSums sums;
  for (size_t i = 0; i < registry.size(); ++i) {
    const metrics::CommandCounters& command = registry.worker(i).commands[index];
    sums.calls += command.calls.Value();
    sums.failed += command.failed.Value();
    sums.rejected += command.rejected.Value();
    sums.ticks += command.ticks.Value();
  }
  return sums;
}

uint64_t SumErrors(const Registry& registry, size_t code) {
  return registry.Sum([code](const WorkerCounters& worker) -> const metrics::Counter& {
    return worker.errors[code];
  });
}

uint64_t CountCommands(const Registry& registry) {
  uint64_t calls = 0;
  for (const Command& command : CommandTable::Get().all()) {
    calls += SumCommand(registry, command.index).calls;
  }
  return calls;
}

}  // namespace

void InfoStats(CommandContext& ctx, InfoText& out) {
  const Registry& registry = *ctx.server.metrics;
  const auto sum = [&registry](metrics::Counter WorkerCounters::*counter) {
    return registry.Sum([counter](const WorkerCounters& worker) -> const metrics::Counter& {
      return worker.*counter;
    });
  };
  uint64_t errors = 0;
  for (size_t code = 0; code < metrics::kErrorCodes; ++code) errors += SumErrors(registry, code);
  const store::StoreStats store = ctx.server.store->Stats();
  out.Section("Stats");
  out.Field("total_connections_received", sum(&WorkerCounters::connections_accepted));
  out.Field("total_commands_processed", CountCommands(registry));
  out.Field("total_net_input_bytes",
            sum(&WorkerCounters::resp_bytes_in) + sum(&WorkerCounters::grpc_bytes_in));
  out.Field("total_net_output_bytes",
            sum(&WorkerCounters::resp_bytes_out) + sum(&WorkerCounters::grpc_bytes_out));
  out.Field("rejected_connections", sum(&WorkerCounters::connections_rejected));
  out.Field("expired_keys", store.expired_keys);
  out.Field("expired_keys_lazily", store.expired_lazily);
  out.Field("evicted_keys", 0);
  out.Field("keyspace_hits", sum(&WorkerCounters::keyspace_hits));
  out.Field("keyspace_misses", sum(&WorkerCounters::keyspace_misses));
  const pubsub::Hub& hub = *ctx.server.hub;
  out.Field("pubsub_channels", uint64_t{hub.channels.channel_count()});
  out.Field("pubsub_patterns", uint64_t{hub.channels.pattern_count()});
  out.Field("pubsubshard_channels", uint64_t{hub.shard_channels.channel_count()});
  out.Field("total_error_replies", errors);
  out.Field("client_output_buffer_limit_disconnections", sum(&WorkerCounters::output_limited));
  out.Field("protocol_errors", sum(&WorkerCounters::protocol_errors));
}

void InfoCommandStats(CommandContext& ctx, InfoText& out) {
  const double ticks_per_us = CycleClock::TicksPerUs();
  out.Section("Commandstats");
  for (const Command& command : CommandTable::Get().all()) {
    const CommandSums sums = SumCommand(*ctx.server.metrics, command.index);
    if (sums.calls + sums.rejected == 0) continue;
    const double us = static_cast<double>(sums.ticks) / ticks_per_us;
    const double per_call = sums.calls == 0 ? 0 : us / static_cast<double>(sums.calls);
    out.Field("cmdstat_" + command.full_name,
              "calls=" + std::to_string(sums.calls) + ",usec=" + Fixed(us, 0) + ",usec_per_call=" +
                  Fixed(per_call, 2) + ",rejected_calls=" + std::to_string(sums.rejected) +
                  ",failed_calls=" + std::to_string(sums.failed));
  }
}

void InfoErrorStats(CommandContext& ctx, InfoText& out) {
  std::map<std::string_view, uint64_t> counts;
  for (size_t code = 0; code < metrics::kErrorCodes; ++code) {
    const uint64_t count = SumErrors(*ctx.server.metrics, code);
    if (count > 0) counts[ErrorWord(static_cast<ErrorCode>(code))] += count;
  }
  out.Section("Errorstats");
  for (const auto& [word, count] : counts) {
    out.Field("errorstat_" + std::string(word), "count=" + std::to_string(count));
  }
}

namespace {

using Latencies = std::array<uint64_t, metrics::kLatencyBuckets>;

Latencies SumLatencies(const Registry& registry, size_t index) {
  Latencies sums{};
  for (size_t i = 0; i < registry.size(); ++i) {
    const auto& buckets = registry.worker(i).latency[index];
    for (size_t b = 0; b < sums.size(); ++b) sums[b] += buckets[b].Value();
  }
  return sums;
}

// The upper bound, in ticks, of the bucket in which that part of the calls ends.
double PercentileTicks(const Latencies& latencies, uint64_t calls, double percent) {
  const double wanted = static_cast<double>(calls) * percent / 100;
  uint64_t seen = 0;
  size_t bucket = 0;
  for (; bucket + 1 < latencies.size(); ++bucket) {
    seen += latencies[bucket];
    if (static_cast<double>(seen) >= wanted) break;
  }
  return static_cast<double>(uint64_t{1} << bucket);
}

}  // namespace

void InfoLatencyStats(CommandContext& ctx, InfoText& out) {
  const double ticks_per_us = CycleClock::TicksPerUs();
  out.Section("Latencystats");
  for (const Command& command : CommandTable::Get().all()) {
    const Latencies latencies = SumLatencies(*ctx.server.metrics, command.index);
    uint64_t calls = 0;
    for (const uint64_t count : latencies) calls += count;
    if (calls == 0) continue;
    const auto percentile = [&](double percent) {
      return Fixed(PercentileTicks(latencies, calls, percent) / ticks_per_us, 3);
    };
    out.Field("latency_percentiles_usec_" + command.full_name,
              "p50=" + percentile(50) + ",p99=" + percentile(99) + ",p99.9=" + percentile(99.9));
  }
}

}  // namespace duet::commands
