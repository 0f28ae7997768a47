#include "server/commands/statistics.h"

#include <numeric>

#include "server/commands/command_table.h"

namespace duet::commands {

using metrics::Counter;
using metrics::Counters;
using metrics::Registry;

CommandSums SumCommand(const Registry& registry, size_t index) {
  const auto sum = [&](Counter metrics::CommandCounters::*counter) {
    return registry.SumSinceReset([index, counter](const Counters& worker) -> const Counter& {
      return worker.commands[index].*counter;
    });
  };
  using metrics::CommandCounters;
  return {.calls = sum(&CommandCounters::calls),
          .failed = sum(&CommandCounters::failed),
          .rejected = sum(&CommandCounters::rejected),
          .ticks = sum(&CommandCounters::ticks)};
}

metrics::LatencyCounts SumLatencies(const Registry& registry, size_t index) {
  metrics::LatencyCounts sums{};
  for (size_t bucket = 0; bucket < sums.size(); ++bucket) {
    sums[bucket] =
        registry.SumSinceReset([index, bucket](const Counters& worker) -> const Counter& {
          return worker.latency[index][bucket];
        });
  }
  return sums;
}

uint64_t TotalOf(const metrics::LatencyCounts& latencies) {
  return std::accumulate(latencies.begin(), latencies.end(), uint64_t{0});
}

uint64_t CountCalls(const Registry& registry) {
  uint64_t calls = 0;
  for (const Command& command : CommandTable::Get().all()) {
    calls += registry.SumSinceReset([&command](const Counters& worker) -> const Counter& {
      return worker.commands[command.index].calls;
    });
  }
  return calls;
}

uint64_t CountCallsSinceStart(const Registry& registry) {
  uint64_t calls = 0;
  for (const Command& command : CommandTable::Get().all()) {
    calls += registry.Sum([&command](const Counters& worker) -> const Counter& {
      return worker.commands[command.index].calls;
    });
  }
  return calls;
}

uint64_t CountWritesSinceStart(const Registry& registry) {
  uint64_t writes = 0;
  for (const Command& command : CommandTable::Get().all()) {
    if ((command.spec->flags & kWrite) == 0) continue;
    const auto sum = [&](Counter metrics::CommandCounters::*counter) {
      return registry.Sum([&command, counter](const Counters& worker) -> const Counter& {
        return worker.commands[command.index].*counter;
      });
    };
    // Failures first: a call is counted before its failure is.
    const uint64_t failed = sum(&metrics::CommandCounters::failed);
    writes += sum(&metrics::CommandCounters::calls) - failed;
  }
  return writes;
}

}  // namespace duet::commands
