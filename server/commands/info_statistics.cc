// INFO of what the workers counted, summed over them, since the last CONFIG RESETSTAT.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "server/api/settings.h"
#include "server/base/check.h"
#include "server/base/clock.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/info_sections.h"
#include "server/commands/info_text.h"
#include "server/commands/statistics.h"
#include "server/commands/tracking.h"
#include "server/metrics/worker_counters.h"
#include "server/pubsub/hub.h"

namespace duet::commands {
namespace {

using metrics::Counters;
using metrics::Registry;

uint64_t SumErrors(const Registry& registry, size_t word) {
  return registry.SumSinceReset(
      [word](const Counters& worker) -> const metrics::Counter& { return worker.errors[word]; });
}

// A worker reads and writes for its own connections: with several, threads do all of it.
void ReadsAndWrites(uint64_t reads, uint64_t writes, int workers, InfoText& out) {
  out.Field("total_reads_processed", reads);
  out.Field("total_writes_processed", writes);
  out.Field("io_threaded_reads_processed", workers > 1 ? reads : 0);
  out.Field("io_threaded_writes_processed", workers > 1 ? writes : 0);
}

std::string Kilobytes(uint64_t bytes) { return Fixed(static_cast<double>(bytes) / 1024, 2); }

}  // namespace

// Redis' fields in its order. What can only be 0 here is 0: nobody replicates, nothing forks, no
// memory is moved to defragment it, no client is evicted, and the search for what has expired ends
// when nothing is left of it, however long it takes.
void InfoStats(CommandContext& ctx, InfoText& out) {
  const ServerContext& server = ctx.server;
  const Registry& registry = *server.metrics;
  const auto sum = [&registry](metrics::Counter Counters::*counter) {
    return registry.SumSinceReset(
        [counter](const Counters& worker) -> const metrics::Counter& { return worker.*counter; });
  };
  uint64_t errors = 0;
  for (size_t word = 0; word < metrics::kErrorWords; ++word) errors += SumErrors(registry, word);
  const auto wrong_password = static_cast<size_t>(ErrorWord::kWrongPass);
  const store::StoreStats store = server.store->Stats();
  out.Section("Stats");
  out.Field("total_connections_received", sum(&Counters::connections_accepted));
  out.Field("total_commands_processed", CountCalls(registry));
  out.Field("instantaneous_ops_per_sec", server.rates.commands_per_second());
  out.Field("total_net_input_bytes", sum(&Counters::resp_bytes_in) + sum(&Counters::grpc_bytes_in));
  out.Field("total_net_output_bytes",
            sum(&Counters::resp_bytes_out) + sum(&Counters::grpc_bytes_out));
  out.Field("total_net_repl_input_bytes", 0);
  out.Field("total_net_repl_output_bytes", 0);
  out.Field("instantaneous_input_kbps", Kilobytes(server.rates.bytes_in_per_second()));
  out.Field("instantaneous_output_kbps", Kilobytes(server.rates.bytes_out_per_second()));
  out.Field("instantaneous_input_repl_kbps", Kilobytes(0));
  out.Field("instantaneous_output_repl_kbps", Kilobytes(0));
  out.Field("rejected_connections", sum(&Counters::connections_rejected));
  out.Field("sync_full", 0);
  out.Field("sync_partial_ok", 0);
  out.Field("sync_partial_err", 0);
  out.Field("expired_subkeys", 0);
  out.Field("expired_keys", store.expired_keys - server.at_reset.expired_keys);
  out.Field("expired_keys_lazily", store.expired_lazily - server.at_reset.expired_lazily);
  out.Field("expired_stale_perc", Fixed(0, 2));
  out.Field("expired_time_cap_reached_count", 0);
  out.Field("evicted_keys", sum(&Counters::evicted_keys));
  out.Field("evicted_clients", 0);
  out.Field("evicted_scripts", 0);
  out.Field("keyspace_hits", sum(&Counters::keyspace_hits));
  out.Field("keyspace_misses", sum(&Counters::keyspace_misses));
  const pubsub::Hub& hub = *server.hub;
  out.Field("pubsub_channels", uint64_t{hub.channels.channel_count()});
  out.Field("pubsub_patterns", uint64_t{hub.channels.pattern_count()});
  out.Field("pubsubshard_channels", uint64_t{hub.shard_channels.channel_count()});
  out.Field("tracking_total_keys", uint64_t{server.tracking->keys()});
  out.Field("tracking_total_items", uint64_t{server.tracking->items()});
  out.Field("tracking_total_prefixes", uint64_t{server.tracking->prefixes()});
  out.Field("latest_fork_usec", 0);
  out.Field("total_forks", 0);
  out.Field("migrate_cached_sockets", 0);
  out.Field("slave_expires_tracked_keys", 0);
  out.Field("active_defrag_hits", 0);
  out.Field("active_defrag_misses", 0);
  out.Field("active_defrag_key_hits", 0);
  out.Field("active_defrag_key_misses", 0);
  out.Field("total_active_defrag_time", 0);
  out.Field("current_active_defrag_time", 0);
  out.Field("dump_payload_sanitizations", 0);
  out.Field("unexpected_error_replies", 0);
  out.Field("total_error_replies", errors);
  ReadsAndWrites(sum(&Counters::resp_reads), sum(&Counters::resp_writes), server.workers, out);
  out.Field("acl_access_denied_auth", SumErrors(registry, wrong_password));
  out.Field("acl_access_denied_cmd", 0);
  out.Field("acl_access_denied_key", 0);
  out.Field("acl_access_denied_channel", 0);
  out.Field("client_output_buffer_limit_disconnections", sum(&Counters::output_limited));
  out.Field("protocol_errors", sum(&Counters::protocol_errors));
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

// By name, as Redis lists them.
void InfoErrorStats(CommandContext& ctx, InfoText& out) {
  std::map<std::string_view, uint64_t> counts;
  for (int word = 0; word < kErrorWordCount; ++word) {
    const uint64_t count = SumErrors(*ctx.server.metrics, static_cast<size_t>(word));
    if (count > 0) counts.emplace(ErrorWordText(static_cast<ErrorWord>(word)), count);
  }
  out.Section("Errorstats");
  for (const auto& [word, count] : counts) {
    out.Field("errorstat_" + std::string(word), "count=" + std::to_string(count));
  }
}

namespace {

// The upper bound, in ticks, of the bucket in which that part of the calls ends.
double PercentileTicks(const metrics::LatencyCounts& latencies, uint64_t calls, double percent) {
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
  if (ctx.server.settings->Value("latency-tracking") == "no") return;
  const std::string wanted = ctx.server.settings->Value("latency-tracking-info-percentiles");
  for (const Command& command : CommandTable::Get().all()) {
    const metrics::LatencyCounts latencies = SumLatencies(*ctx.server.metrics, command.index);
    const uint64_t calls = TotalOf(latencies);
    if (calls == 0) continue;
    std::string percentiles;
    for (const absl::string_view word : absl::StrSplit(wanted, ' ', absl::SkipEmpty())) {
      double percent = 0;
      DUET_CHECK(absl::SimpleAtod(word, &percent), "the setting's own text");
      const double ticks = PercentileTicks(latencies, calls, percent);
      absl::StrAppend(&percentiles, percentiles.empty() ? "" : ",", "p", word, "=",
                      Fixed(ticks / ticks_per_us, 3));
    }
    out.Field("latency_percentiles_usec_" + command.full_name, percentiles);
  }
}

}  // namespace duet::commands
