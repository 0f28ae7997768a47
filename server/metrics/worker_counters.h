// What one worker counts. One writer each, so a count is a load, an add and a store: no lock
// prefix, no shared cache line. Registry sums over workers when somebody asks.
//
// When you add a counter that INFO shows: a member of Counters, and its place in kReset.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace duet::metrics {

// Written by one thread, read by any.
class Counter {
 public:
  void Add(uint64_t n = 1) { Set(value_.load(std::memory_order_relaxed) + n); }
  void Set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  uint64_t Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

inline constexpr size_t kMaxCommands = 512;    // rows of the command table, subcommands included
inline constexpr size_t kLatencyBuckets = 40;  // bucket i: ticks < 2^i of CycleClock
inline constexpr size_t kMaxRpcMethods = 32;
inline constexpr size_t kRpcCodes = 17;    // grpc::StatusCode 0..16
inline constexpr size_t kErrorWords = 32;  // duet::ErrorWord

struct CommandCounters {
  Counter calls;
  Counter failed;    // the handler replied with an error
  Counter rejected;  // refused before it ran
  Counter ticks;     // CycleClock ticks in the handler, locks included
};

struct RpcCounters {
  Counter started;
  Counter received;  // messages
  Counter sent;
  Counter ticks;
  std::array<Counter, kRpcCodes> handled;
  std::array<Counter, kLatencyBuckets> latency;  // as in WorkerCounters::latency
};

struct Counters {
  std::array<CommandCounters, kMaxCommands> commands;  // by CommandTable's index
  std::array<std::array<Counter, kLatencyBuckets>, kMaxCommands> latency;
  std::array<RpcCounters, kMaxRpcMethods> rpcs;
  std::array<Counter, kErrorWords> errors;  // replies by ErrorWord
  Counter keyspace_hits;
  Counter keyspace_misses;
  Counter unknown_commands;
  Counter connections_accepted;
  Counter connections_rejected;
  Counter connections_closed;
  Counter resp_bytes_in;
  Counter resp_bytes_out;
  Counter resp_reads;   // from a socket, with or without a whole command
  Counter resp_writes;  // to a socket, of one batch's replies or of many
  Counter grpc_connections_accepted;
  Counter grpc_connections_rejected;
  Counter grpc_bytes_in;
  Counter grpc_bytes_out;
  Counter protocol_errors;
  Counter tls_failures;
  Counter evicted_keys;
  Counter batches;         // pipelined batches executed
  Counter output_limited;  // connections closed at their output limit
};

class alignas(64) WorkerCounters : public Counters {
 public:
  explicit WorkerCounters(size_t place_in_registry = 0) : place(place_in_registry) {}

  const size_t place;   // in the registry
  Counter data_growth;  // bytes that its commands added to the data; modulo 2^64, as it may shrink
  Counter resp_commands;  // that came through this door, unknown and refused ones included
  Counter grpc_commands;

  // One executed command.
  void RecordCommand(size_t index, uint64_t ticks, bool failed_call) {
    CommandCounters& command = commands[index];
    command.calls.Add();
    command.ticks.Add(ticks);
    if (failed_call) command.failed.Add();
    latency[index][LatencyBucket(ticks)].Add();
  }
  static size_t LatencyBucket(uint64_t ticks) {
    const size_t bucket = static_cast<size_t>(std::bit_width(ticks));
    return bucket < kLatencyBuckets ? bucket : kLatencyBuckets - 1;
  }
};

// All workers' counters. Slots are fixed at construction: one a worker (I/O and gRPC queue
// threads alike), handed out by index.
// Thread-safe.
class Registry {
 public:
  explicit Registry(size_t workers);
  ~Registry();
  WorkerCounters& worker(size_t index) { return *workers_[index]; }
  const WorkerCounters& worker(size_t index) const { return *workers_[index]; }
  size_t size() const { return workers_.size(); }

  // Sum over the workers of what `get` returns for each, since the start: a sum of Prometheus,
  // which never goes back.
  template <typename Get>
  uint64_t Sum(Get get) const {
    uint64_t sum = 0;
    for (const auto& worker : workers_) sum += get(*worker).Value();
    return sum;
  }
  // The same since the last Reset(): a sum of INFO. `get` takes a const Counters&.
  template <typename Get>
  uint64_t SumSinceReset(Get get) const {
    const uint64_t before = get(static_cast<const Counters&>(*at_reset_)).Value();
    return Sum(get) - before;
  }
  // CONFIG RESETSTAT. Of calls at the same time one counts.
  void Reset() ABSL_LOCKS_EXCLUDED(reset_mutex_);

 private:
  std::vector<std::unique_ptr<WorkerCounters>> workers_;
  absl::Mutex reset_mutex_;
  const std::unique_ptr<Counters> at_reset_;  // the sums then; written under reset_mutex_
};

}  // namespace duet::metrics
