// What the workers counted of commands since the last CONFIG RESETSTAT, summed over them: for INFO
// and LATENCY HISTOGRAM.
//
// Thread-safe. The sums are taken while workers count: those of one command may be a call apart.
#pragma once

#include <cstddef>
#include <cstdint>

#include "server/metrics/histogram.h"
#include "server/metrics/worker_counters.h"

namespace duet::commands {

struct CommandSums {
  uint64_t calls = 0;
  uint64_t failed = 0;
  uint64_t rejected = 0;
  uint64_t ticks = 0;
};

// Of the command with that index in the table.
CommandSums SumCommand(const metrics::Registry& registry, size_t index);
metrics::LatencyCounts SumLatencies(const metrics::Registry& registry, size_t index);
uint64_t TotalOf(const metrics::LatencyCounts& latencies);

// Calls of all commands, since the last reset and since the start.
uint64_t CountCalls(const metrics::Registry& registry);
uint64_t CountCallsSinceStart(const metrics::Registry& registry);
// Calls that may have changed data, since the start.
uint64_t CountWritesSinceStart(const metrics::Registry& registry);

}  // namespace duet::commands
