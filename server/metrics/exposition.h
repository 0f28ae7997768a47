// What a scrape of /metrics sees, as Prometheus' text format.
//
// Names. `redis_*` are redis_exporter's, so that the dashboards and alerts that exist work as they
// are (Grafana 763, redis-mixin, awesome-prometheus-alerts); `grpc_server_*` are
// go-grpc-prometheus'; `process_*` are the Prometheus client libraries'; `duet_*` is what only this
// server has. Every name passes `promtool check metrics` (no "_usec", no "_total" on a gauge).
//
// Labels are bounded: `cmd` holds names of the command table only ("unknown" for the rest), and a
// command, method or code appears once it has been counted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "prometheus/metric_family.h"

#include "server/base/log.h"
#include "server/metrics/process.h"
#include "server/metrics/worker_counters.h"
#include "server/runtime/worker_figures.h"

namespace duet::metrics {

// One database ("db0", ...), from the store.
struct DatabaseFigures {
  uint64_t keys = 0;
  uint64_t keys_with_expiry = 0;
  double average_ttl_seconds = 0;  // of the keys with an expiry; 0 where there are none
};

// One worker of the runtime, or one thread of gRPC's queue.
struct WorkerFigures {
  std::string kind = "io";     // "io", "grpc": the queue that it drains
  bool active = true;          // takes connections or calls now
  uint64_t loops = 0;          // turns of its loop
  uint64_t events = 0;         // I/O events, posted completions and timers that it ran
  uint64_t wakeups = 0;        // times that another thread woke it
  double busy_seconds = 0;     // running them
  double idle_seconds = 0;     // waiting for them
  uint64_t connections = 0;    // it runs now
  uint64_t queue_length = 0;   // posts found at the last turn
  double lag_seconds = 0;      // length of the last turn: how long its last event waited
  double max_lag_seconds = 0;  // longest turn so far
};
// What a worker of the runtime counts of itself; `kind`, `active` and `connections` are left.
WorkerFigures FromRuntime(const runtime::WorkerFigures& figures);

// One RPC method; its place in Figures::rpc_methods is its index in WorkerCounters::rpcs.
struct RpcMethod {
  std::string type = "unary";  // go-grpc-prometheus' words: unary, client_stream, server_stream,
                               // bidi_stream
  std::string service;         // "duet.v1.KeyValueService"
  std::string method;          // "Get"
};

// Spans of requests, by what became of them.
struct SpanFigures {
  uint64_t exported = 0;  // the collector has taken them
  uint64_t failed = 0;    // it has not
  uint64_t dropped = 0;   // they found no place in the queue
};

// Bytes, unless said otherwise; as INFO's section memory has them.
struct MemoryFigures {
  uint64_t used = 0;     // what maxmemory bounds
  uint64_t maximum = 0;  // maxmemory; 0: no limit
  std::string policy = "noeviction";
  uint64_t peak = 0;      // the most that was used
  uint64_t startup = 0;   // used when the server was ready
  uint64_t dataset = 0;   // keys and values
  uint64_t overhead = 0;  // all else
  uint64_t clients = 0;   // state and buffers of connected clients
  uint64_t allocator_allocated = 0;
  uint64_t allocator_active = 0;    // in the pages that hold them; 0: not known
  uint64_t allocator_resident = 0;  // mapped by the allocator
};

// What the counters do not know: the composition root fills it for each scrape.
struct Figures {
  // Who is running.
  std::string version;        // "0.1.0"
  std::string redis_version;  // the Redis release whose replies are given: "7.4.0"
  std::string os;             // "Linux 6.1.0 x86_64"
  std::string compiler;       // "g++ 12.2.0"
  std::string role = "master";
  std::string mode = "standalone";
  bool ready = true;                  // as /readyz says
  int64_t certificate_expires_s = 0;  // end of the TLS certificate, since 1970; 0: no TLS
  uint64_t uptime_seconds = 0;
  uint64_t max_clients = 0;           // maxclients
  uint64_t grpc_max_connections = 0;  // grpc-max-connections
  uint64_t blocked_clients = 0;       // wait in a command, or for the end of CLIENT PAUSE
  uint64_t tracking_clients = 0;      // CLIENT TRACKING
  uint64_t tracked_keys = 0;
  uint64_t tracked_items = 0;  // pairs of a client and a key
  uint64_t tracked_prefixes = 0;
  uint64_t channels = 0;  // that somebody listens to; shard channels too
  uint64_t channel_patterns = 0;
  uint64_t slow_log_length = 0;
  uint64_t slow_log_next_id = 0;  // 0: nothing was slow yet
  double ticks_per_us = 1;        // CycleClock::TicksPerUs(), or a test's own

  // The store.
  std::vector<DatabaseFigures> databases;  // by number
  uint64_t expired_keys = 0;
  uint64_t evicted_keys = 0;
  uint64_t table_bytes = 0;
  uint64_t shards = 0;

  LogFigures log;
  SpanFigures spans;

  // Memory and process.
  MemoryFigures memory;
  ProcessFigures process;

  std::vector<WorkerFigures> workers;
  std::vector<std::string> command_names;  // by CommandTable's index: "get", "client|setname"
  std::vector<RpcMethod> rpc_methods;
  std::vector<std::string> error_names;  // by ErrorWord: "ERR", "WRONGTYPE"
};

// Every family that has a sample. Thread-safe: it reads counters while workers write them, so that
// figures of one scrape may be a few operations apart; counters never go back.
std::vector<prometheus::MetricFamily> Collect(const Registry& registry, const Figures& figures);

// Collect, as text/plain; version=0.0.4.
std::string Exposition(const Registry& registry, const Figures& figures);
// The same as OpenMetrics 1.0, which differs in little: a counter's family has its name without
// _total, and the end is marked.
// Source: https://github.com/prometheus/OpenMetrics, specification, section "Text format".
std::string ToOpenMetrics(std::string_view exposition);
inline constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace duet::metrics
