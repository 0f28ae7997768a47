// Where the memory is, for INFO, MEMORY STATS and MEMORY DOCTOR.
//
// Thread-safe. Takes some tens of microseconds, and a look at every shard.
#pragma once

#include <cstdint>
#include <vector>

#include "server/commands/server_memory.h"
#include "server/metrics/process.h"
#include "server/store/store.h"

namespace duet::commands {

struct ServerContext;

// Bytes, unless said otherwise.
struct MemoryReport {
  uint64_t used = 0;  // as maxmemory bounds it (memory_bound.h)
  uint64_t peak = 0;
  uint64_t startup = 0;
  uint64_t clients = 0;                      // buffers and state of connected clients
  uint64_t client_count = 0;                 // not bytes
  store::StoreStats total;                   // over the databases
  std::vector<store::StoreStats> databases;  // by number; those without keys are all 0
  AllocatorFigures allocator;
  metrics::ProcessFigures process;

  // Keys and values; all else is overhead.
  uint64_t dataset() const { return total.entry_bytes; }
  uint64_t overhead() const { return used > dataset() ? used - dataset() : 0; }
  // Used since the start; at least 1.
  uint64_t net() const { return used > startup ? used - startup : 1; }
};

MemoryReport ReportMemory(ServerContext& server, int64_t now_ms);

// a / b; 0 where b is 0, which stands for a figure that is not known.
double RatioOf(uint64_t a, uint64_t b);
// a - b, where both are known.
int64_t DifferenceOf(uint64_t a, uint64_t b);

}  // namespace duet::commands
