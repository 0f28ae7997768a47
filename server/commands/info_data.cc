// INFO about the data: what becomes of it (it lives in memory and is not copied anywhere), and how
// much there is.
#include <algorithm>
#include <cstdint>
#include <string>

#include "server/commands/context.h"
#include "server/commands/info_sections.h"
#include "server/commands/info_text.h"
#include "server/commands/statistics.h"

namespace duet::commands {

// The fields that clients and exporters ask for. Nothing was ever saved: as in a Redis with "save
// \"\"" that was started then, the last save was the start, and writes since then are not saved.
void InfoPersistence(CommandContext& ctx, InfoText& out) {
  out.Section("Persistence");
  out.Field("loading", 0);
  out.Field("async_loading", 0);
  out.Field("current_cow_peak", 0);
  out.Field("current_cow_size", 0);
  out.Field("current_cow_size_age", 0);
  out.Field("current_fork_perc", Fixed(0, 2));
  out.Field("current_save_keys_processed", 0);
  out.Field("current_save_keys_total", 0);
  out.Field("rdb_changes_since_last_save", CountWritesSinceStart(*ctx.server.metrics));
  out.Field("rdb_bgsave_in_progress", 0);
  out.Field("rdb_last_save_time", ctx.server.start_ms / 1000);
  out.Field("rdb_last_bgsave_status", "ok");
  out.Field("rdb_last_bgsave_time_sec", -1);
  out.Field("rdb_current_bgsave_time_sec", -1);
  out.Field("rdb_saves", 0);
  out.Field("rdb_last_cow_size", 0);
  out.Field("rdb_last_load_keys_expired", 0);
  out.Field("rdb_last_load_keys_loaded", 0);
  out.Field("aof_enabled", 0);
  out.Field("aof_rewrite_in_progress", 0);
  out.Field("aof_rewrite_scheduled", 0);
  out.Field("aof_last_rewrite_time_sec", -1);
  out.Field("aof_current_rewrite_time_sec", -1);
  out.Field("aof_last_bgrewrite_status", "ok");
  out.Field("aof_rewrites", 0);
  out.Field("aof_rewrites_consecutive_failures", 0);
  out.Field("aof_last_write_status", "ok");
  out.Field("aof_last_cow_size", 0);
  out.Field("module_fork_in_progress", 0);
  out.Field("module_fork_last_cow_size", 0);
}

// A master without replicas, as Redis describes one.
void InfoReplication(CommandContext& ctx, InfoText& out) {
  out.Section("Replication");
  out.Field("role", "master");
  out.Field("connected_slaves", 0);
  out.Field("master_failover_state", "no-failover");
  out.Field("master_replid", ctx.server.run_id);
  out.Field("master_replid2", std::string(40, '0'));
  out.Field("master_repl_offset", 0);
  out.Field("second_repl_offset", -1);
  out.Field("repl_backlog_active", 0);
  out.Field("repl_backlog_size", 0);
  out.Field("repl_backlog_first_byte_offset", 0);
  out.Field("repl_backlog_histlen", 0);
}

void InfoKeyspace(CommandContext& ctx, InfoText& out) {
  out.Section("Keyspace");
  for (int database = 0; database < store::kDatabases; ++database) {
    const store::StoreStats stats = ctx.server.store->Stats(database, ctx.now_ms);
    if (stats.keys == 0) continue;
    // Keys that are due but not yet erased count below zero.
    const int64_t left_ms = std::max<int64_t>(stats.expiry_sum_ms, 0);
    const auto expiring = static_cast<int64_t>(stats.keys_with_expiry);
    const int64_t average_ms = expiring == 0 ? 0 : left_ms / expiring;
    out.Field("db" + std::to_string(database), "keys=" + std::to_string(stats.keys) + ",expires=" +
                                                   std::to_string(stats.keys_with_expiry) +
                                                   ",avg_ttl=" + std::to_string(average_ms));
  }
}

}  // namespace duet::commands
