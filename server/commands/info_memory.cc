// INFO about memory. used_memory is what maxmemory bounds, to the byte (memory_bound.h).
#include <cstdint>
#include <string>

#include "server/api/settings.h"
#include "server/commands/context.h"
#include "server/commands/info_sections.h"
#include "server/commands/info_text.h"
#include "server/commands/memory_bound.h"
#include "server/commands/memory_report.h"

namespace duet::commands {
namespace {

void Bytes(InfoText& out, const std::string& name, uint64_t bytes) {
  out.Field(name, bytes);
  out.Field(name + "_human", HumanBytes(bytes));
}

std::string Percentage(uint64_t part, uint64_t whole) {
  return Fixed(100 * RatioOf(part, whole), 2) + "%";
}

void WriteUsed(InfoText& out, const MemoryReport& report) {
  Bytes(out, "used_memory", report.used);
  Bytes(out, "used_memory_rss", report.process.resident_bytes);
  Bytes(out, "used_memory_peak", report.peak);
  out.Field("used_memory_peak_perc", Percentage(report.used, report.peak));
  out.Field("used_memory_overhead", report.overhead());
  out.Field("used_memory_startup", report.startup);
  out.Field("used_memory_dataset", report.dataset());
  out.Field("used_memory_dataset_perc", Percentage(report.dataset(), report.net()));
}

// Fields of an allocator that does not tell are left out.
void WriteAllocator(InfoText& out, const MemoryReport& report) {
  const AllocatorFigures& allocator = report.allocator;
  const uint64_t resident = report.process.resident_bytes;
  if (allocator.active_bytes > 0) {
    out.Field("allocator_frag_ratio",
              Fixed(RatioOf(allocator.active_bytes, allocator.allocated_bytes), 2));
    out.Field("allocator_frag_bytes",
              DifferenceOf(allocator.active_bytes, allocator.allocated_bytes));
    out.Field("allocator_rss_ratio",
              Fixed(RatioOf(allocator.resident_bytes, allocator.active_bytes), 2));
    out.Field("allocator_rss_bytes",
              DifferenceOf(allocator.resident_bytes, allocator.active_bytes));
    out.Field("rss_overhead_ratio", Fixed(RatioOf(resident, allocator.resident_bytes), 2));
    out.Field("rss_overhead_bytes", DifferenceOf(resident, allocator.resident_bytes));
  }
  out.Field("mem_fragmentation_ratio", Fixed(RatioOf(resident, report.used), 2));
  out.Field("mem_fragmentation_bytes", DifferenceOf(resident, report.used));
}

}  // namespace

void InfoMemory(CommandContext& ctx, InfoText& out) {
  const MemoryReport report = ReportMemory(ctx.server, ctx.now_ms);
  const AllocatorFigures& allocator = report.allocator;
  const std::string policy = ctx.server.settings->Value("maxmemory-policy");
  out.Section("Memory");
  WriteUsed(out, report);
  if (allocator.active_bytes > 0) {
    out.Field("allocator_allocated", allocator.allocated_bytes);
    out.Field("allocator_active", allocator.active_bytes);
    out.Field("allocator_resident", allocator.resident_bytes);
    out.Field("allocator_muzzy", allocator.muzzy_bytes);
  }
  Bytes(out, "total_system_memory", report.process.system_memory_bytes);
  // There are no scripts.
  for (const char* name : {"used_memory_vm_eval", "used_memory_scripts_eval",
                           "number_of_cached_scripts", "number_of_functions", "number_of_libraries",
                           "used_memory_vm_functions", "used_memory_functions"}) {
    out.Field(name, 0);
  }
  for (const char* name : {"used_memory_lua", "used_memory_vm_total", "used_memory_scripts"}) {
    Bytes(out, name, 0);
  }
  Bytes(out, "maxmemory", ctx.server.memory->limits().max_bytes);
  out.Field("maxmemory_policy", policy);
  WriteAllocator(out, report);
  out.Field("mem_not_counted_for_evict", 0);
  out.Field("mem_replication_backlog", 0);
  out.Field("mem_total_replication_buffers", 0);
  out.Field("mem_clients_slaves", 0);
  out.Field("mem_clients_normal", report.clients);
  out.Field("mem_cluster_links", 0);
  out.Field("mem_aof_buffer", 0);
  out.Field("mem_allocator", allocator.name);
  out.Field("active_defrag_running", 0);
  out.Field("lazyfree_pending_objects", ctx.server.lazy_free.pending());
  out.Field("lazyfreed_objects", ctx.server.lazy_free.freed());
  out.Field("keyspace_table_bytes", report.total.table_bytes);
}

}  // namespace duet::commands
