#include <iterator>

#include "server/base/check.h"
#include "server/metrics/worker_counters.h"

namespace duet::metrics {
namespace {

// The counters that CONFIG RESETSTAT resets, beside the arrays of commands, latencies and errors.
constexpr Counter Counters::*kReset[] = {
    &Counters::keyspace_hits,
    &Counters::keyspace_misses,
    &Counters::unknown_commands,
    &Counters::connections_accepted,
    &Counters::connections_rejected,
    &Counters::connections_closed,
    &Counters::resp_bytes_in,
    &Counters::resp_bytes_out,
    &Counters::grpc_connections_accepted,
    &Counters::grpc_connections_rejected,
    &Counters::grpc_bytes_in,
    &Counters::grpc_bytes_out,
    &Counters::protocol_errors,
    &Counters::tls_failures,
    &Counters::batches,
    &Counters::output_limited,
    &Counters::evicted_keys,
    &Counters::resp_reads,
    &Counters::resp_writes,
};

constexpr size_t kInArrays = kMaxCommands * (sizeof(CommandCounters) / sizeof(Counter)) +
                             kMaxCommands * kLatencyBuckets +
                             kMaxRpcMethods * (sizeof(RpcCounters) / sizeof(Counter)) + kErrorWords;
static_assert(sizeof(Counters) == (kInArrays + std::size(kReset)) * sizeof(Counter),
              "every counter outside of the arrays is in kReset");

}  // namespace

Registry::Registry(size_t workers) : at_reset_(std::make_unique<Counters>()) {
  DUET_CHECK(workers > 0, "a registry needs at least one worker");
  workers_.reserve(workers);
  for (size_t i = 0; i < workers; ++i) workers_.push_back(std::make_unique<WorkerCounters>(i));
}

Registry::~Registry() = default;

void Registry::Reset() {
  absl::MutexLock lock(&reset_mutex_);
  Counters& base = *at_reset_;
  const auto keep = [this](Counter& counter, auto get) { counter.Set(Sum(get)); };
  for (Counter Counters::*counter : kReset) {
    keep(base.*counter, [counter](const Counters& all) -> const Counter& { return all.*counter; });
  }
  for (size_t i = 0; i < kErrorWords; ++i) {
    keep(base.errors[i], [i](const Counters& all) -> const Counter& { return all.errors[i]; });
  }
  for (size_t i = 0; i < kMaxCommands; ++i) {
    for (Counter CommandCounters::*counter :
         {&CommandCounters::calls, &CommandCounters::failed, &CommandCounters::rejected,
          &CommandCounters::ticks}) {
      keep(base.commands[i].*counter, [i, counter](const Counters& all) -> const Counter& {
        return all.commands[i].*counter;
      });
    }
    for (size_t b = 0; b < kLatencyBuckets; ++b) {
      keep(base.latency[i][b],
           [i, b](const Counters& all) -> const Counter& { return all.latency[i][b]; });
    }
  }
}

}  // namespace duet::metrics
