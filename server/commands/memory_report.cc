#include "server/commands/memory_report.h"

#include "server/commands/client_registry.h"
#include "server/commands/memory_bound.h"
#include "server/commands/server_context.h"
#include "server/commands/session.h"

namespace duet::commands {
namespace {

void AddUp(store::StoreStats& total, const store::StoreStats& more) {
  total.keys += more.keys;
  total.keys_with_expiry += more.keys_with_expiry;
  total.entry_bytes += more.entry_bytes;
  total.table_bytes += more.table_bytes;
  total.expiry_bytes += more.expiry_bytes;
}

}  // namespace

MemoryReport ReportMemory(ServerContext& server, int64_t now_ms) {
  MemoryReport report;
  report.allocator = ReadAllocatorFigures();
  report.process = metrics::ReadProcessFigures();
  report.used = server.memory->UsedBytesNow(now_ms);
  report.peak = server.memory->PeakBytes(now_ms);
  report.startup = server.memory->startup_bytes();
  for (int database = 0; database < store::kDatabases; ++database) {
    report.databases.push_back(server.store->Stats(database, now_ms));
    AddUp(report.total, report.databases.back());
  }
  server.clients->ForEach([&report](const Session& session) {
    ++report.client_count;
    report.clients += sizeof(Session) + session.query_buffer_bytes + session.output_buffer_bytes +
                      session.mailbox->bytes();
  });
  return report;
}

double RatioOf(uint64_t a, uint64_t b) {
  return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

int64_t DifferenceOf(uint64_t a, uint64_t b) {
  return a == 0 || b == 0 ? 0 : static_cast<int64_t>(a) - static_cast<int64_t>(b);
}

}  // namespace duet::commands
