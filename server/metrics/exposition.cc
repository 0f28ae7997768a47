// One Add* function a topic, each appends its families to the builder. A new figure is one line in
// the topic it belongs to; its name must pass `promtool check metrics` (tests/metrics runs it).
#include "server/metrics/exposition.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include "prometheus/text_serializer.h"

#include "server/metrics/histogram.h"

namespace duet::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// A family under construction; the reference that Builder::Begin returns.
class FamilyWriter {
 public:
  explicit FamilyWriter(MetricFamily& family) : family_(family) {}

  FamilyWriter& Sample(double value, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    // One of the two is written, by the family's type.
    metric.counter.value = value;
    metric.gauge.value = value;
    family_.metric.push_back(std::move(metric));
    return *this;
  }
  void Histogram(ClientMetric::Histogram histogram, Labels labels) {
    ClientMetric metric;
    metric.label = std::move(labels);
    metric.histogram = std::move(histogram);
    family_.metric.push_back(std::move(metric));
  }

 private:
  MetricFamily& family_;
};

class Builder {
 public:
  // The writer is good until the next Begin.
  FamilyWriter Begin(MetricType type, std::string name, std::string help) {
    families_.push_back({std::move(name), std::move(help), type, {}});
    return FamilyWriter(families_.back());
  }
  FamilyWriter Counters(std::string name, std::string help) {
    return Begin(MetricType::Counter, std::move(name), std::move(help));
  }
  FamilyWriter Gauges(std::string name, std::string help) {
    return Begin(MetricType::Gauge, std::move(name), std::move(help));
  }
  template <typename Number>
  void Counter(std::string name, std::string help, Number value) {
    Counters(std::move(name), std::move(help)).Sample(static_cast<double>(value));
  }
  template <typename Number>
  void Gauge(std::string name, std::string help, Number value) {
    Gauges(std::move(name), std::move(help)).Sample(static_cast<double>(value));
  }

  // Families without a sample are left out: a scraper has no use for their HELP lines.
  std::vector<MetricFamily> Finish() && {
    std::erase_if(families_, [](const MetricFamily& family) { return family.metric.empty(); });
    return std::move(families_);
  }

 private:
  std::vector<MetricFamily> families_;
};

uint64_t Total(const Registry& registry, Counter WorkerCounters::*member) {
  return registry.Sum(
      [member](const WorkerCounters& worker) -> const Counter& { return worker.*member; });
}

double TicksToSeconds(uint64_t ticks, double ticks_per_us) {
  return static_cast<double>(ticks) / ticks_per_us / 1e6;
}

// One command's counters, summed over the workers.
struct CommandTotals {
  std::string name;
  uint64_t calls = 0;
  uint64_t failed = 0;
  uint64_t rejected = 0;
  uint64_t ticks = 0;
  LatencyCounts latency{};
};

CommandTotals SumCommand(const Registry& registry, size_t index, const std::string& name) {
  CommandTotals totals;
  totals.name = name;
  for (size_t w = 0; w < registry.size(); ++w) {
    const WorkerCounters& worker = registry.worker(w);
    const CommandCounters& command = worker.commands[index];
    totals.calls += command.calls.Value();
    totals.failed += command.failed.Value();
    totals.rejected += command.rejected.Value();
    totals.ticks += command.ticks.Value();
  }
  if (totals.calls == 0) return totals;
  for (size_t w = 0; w < registry.size(); ++w) {
    const auto& latency = registry.worker(w).latency[index];
    for (size_t i = 0; i < kLatencyBuckets; ++i) totals.latency[i] += latency[i].Value();
  }
  return totals;
}

std::vector<CommandTotals> SumCommands(const Registry& registry, const Figures& figures) {
  std::vector<CommandTotals> all;
  const size_t count = std::min(figures.command_names.size(), kMaxCommands);
  for (size_t i = 0; i < count; ++i) {
    CommandTotals totals = SumCommand(registry, i, figures.command_names[i]);
    if (totals.calls + totals.failed + totals.rejected > 0) all.push_back(std::move(totals));
  }
  return all;
}

void AddServer(Builder& out, const Figures& figures) {
  out.Gauge("redis_up", "Whether the server answers.", 1);
  out.Gauges("redis_instance_info", "What this instance is; always 1.")
      .Sample(1, {{"role", figures.role},
                  {"redis_version", figures.redis_version},
                  {"redis_mode", figures.mode},
                  {"os", figures.os},
                  {"maxmemory_policy", figures.memory.policy}});
  out.Gauges("duet_build_info", "The version that runs and what built it; always 1.")
      .Sample(1, {{"version", figures.version}, {"compiler", figures.compiler}});
  out.Gauge("duet_ready", "Whether the server takes requests: not while it starts or drains.",
            figures.ready ? 1 : 0);
  if (figures.certificate_expires_s != 0) {
    out.Gauge("duet_tls_certificate_not_after_timestamp_seconds",
              "When the TLS certificate ends, in seconds since the Unix epoch.",
              static_cast<uint64_t>(figures.certificate_expires_s));
  }
  out.Gauge("redis_uptime_in_seconds", "Seconds since the server started.", figures.uptime_seconds);
  out.Gauge("redis_start_time_seconds",
            "Start time of the server, in seconds since the Unix epoch.",
            static_cast<uint64_t>(figures.process.start_time_seconds));
}

void AddConnections(Builder& out, const Registry& registry, const Figures& figures) {
  // Closed is read first, so that a connection that comes and goes meanwhile cannot be missing.
  const uint64_t closed = Total(registry, &WorkerCounters::connections_closed);
  const uint64_t accepted = Total(registry, &WorkerCounters::connections_accepted);
  out.Gauge("redis_connected_clients", "RESP connections open now.",
            accepted > closed ? accepted - closed : 0);
  out.Gauge("redis_blocked_clients", "Clients that wait in a blocking command.",
            figures.blocked_clients);
  out.Gauge("redis_tracking_clients", "Clients that are told when keys change (CLIENT TRACKING).",
            figures.tracking_clients);
  out.Gauge("redis_connected_slaves", "Replicas connected.", 0);
  out.Gauge("redis_config_maxclients", "RESP connections allowed at once.", figures.max_clients);
  out.Gauge("duet_config_grpc_max_connections", "gRPC connections allowed at once.",
            figures.grpc_max_connections);
  out.Counter("redis_connections_received_total", "RESP connections accepted.", accepted);
  out.Counter("redis_rejected_connections_total", "RESP connections refused at the limit.",
              Total(registry, &WorkerCounters::connections_rejected));
  out.Counter("duet_grpc_connections_received_total", "gRPC connections accepted.",
              Total(registry, &WorkerCounters::grpc_connections_accepted));
  out.Counter("duet_grpc_rejected_connections_total", "gRPC connections refused at the limit.",
              Total(registry, &WorkerCounters::grpc_connections_rejected));

  const uint64_t resp_commands = Total(registry, &WorkerCounters::resp_commands);
  const uint64_t grpc_commands = Total(registry, &WorkerCounters::grpc_commands);
  const uint64_t resp_in = Total(registry, &WorkerCounters::resp_bytes_in);
  const uint64_t resp_out = Total(registry, &WorkerCounters::resp_bytes_out);
  const uint64_t grpc_in = Total(registry, &WorkerCounters::grpc_bytes_in);
  const uint64_t grpc_out = Total(registry, &WorkerCounters::grpc_bytes_out);
  out.Counter("redis_net_input_bytes_total", "Bytes received, through either door.",
              resp_in + grpc_in);
  out.Counter("redis_net_output_bytes_total", "Bytes sent, through either door.",
              resp_out + grpc_out);
  out.Counters("duet_commands_total", "Commands received, by door; also those that were refused.")
      .Sample(static_cast<double>(resp_commands), {{"door", "resp"}})
      .Sample(static_cast<double>(grpc_commands), {{"door", "grpc"}});
  out.Counters("duet_net_input_bytes_total", "Bytes received, by door; gRPC's are message bytes.")
      .Sample(static_cast<double>(resp_in), {{"door", "resp"}})
      .Sample(static_cast<double>(grpc_in), {{"door", "grpc"}});
  out.Counters("duet_net_output_bytes_total", "Bytes sent, by door; gRPC's are message bytes.")
      .Sample(static_cast<double>(resp_out), {{"door", "resp"}})
      .Sample(static_cast<double>(grpc_out), {{"door", "grpc"}});
  out.Counter("duet_protocol_errors_total", "Input that is not RESP; each closed its connection.",
              Total(registry, &WorkerCounters::protocol_errors));
  out.Counter("duet_tls_failures_total",
              "RESP connections that TLS closed: a failed handshake, a wrong certificate.",
              Total(registry, &WorkerCounters::tls_failures));
  out.Counter("duet_output_limited_total", "Connections closed at their output limit.",
              Total(registry, &WorkerCounters::output_limited));
  out.Counter("duet_batches_total", "Pipelined batches executed.",
              Total(registry, &WorkerCounters::batches));
}

void AddCommands(Builder& out, const Registry& registry, const Figures& figures) {
  const std::vector<CommandTotals> commands = SumCommands(registry, figures);
  const uint64_t unknown = Total(registry, &WorkerCounters::unknown_commands);
  uint64_t processed = 0;
  for (const CommandTotals& command : commands) processed += command.calls;
  out.Counter("redis_commands_processed_total", "Commands executed.", processed);

  const auto per_command = [&](const char* name, const char* help, auto value) {
    FamilyWriter family = out.Counters(name, help);
    for (const CommandTotals& command : commands) {
      family.Sample(static_cast<double>(value(command)), {{"cmd", command.name}});
    }
    return family;
  };
  per_command("redis_commands_total", "Calls of each command.",
              [](const CommandTotals& command) { return command.calls; });
  per_command("redis_commands_duration_seconds_total", "Time spent in each command.",
              [&](const CommandTotals& command) {
                return TicksToSeconds(command.ticks, figures.ticks_per_us);
              });
  per_command("redis_commands_failed_calls_total", "Calls that ran and replied with an error.",
              [](const CommandTotals& command) { return command.failed; });
  FamilyWriter rejected =
      per_command("redis_commands_rejected_calls_total", "Calls refused before they ran.",
                  [](const CommandTotals& command) { return command.rejected; });
  if (unknown > 0) rejected.Sample(static_cast<double>(unknown), {{"cmd", "unknown"}});

  FamilyWriter latency = out.Begin(MetricType::Histogram, "duet_command_duration_seconds",
                                   "How long calls of each command took, locks included.");
  for (const CommandTotals& command : commands) {
    if (command.calls == 0) continue;
    latency.Histogram(
        MakeHistogram(command.latency, command.ticks, figures.ticks_per_us, CommandBounds()),
        {{"cmd", command.name}});
  }
}

// What is published, told and noted.
void AddListeners(Builder& out, const Figures& figures) {
  out.Gauge("redis_pubsub_channels", "Channels that somebody listens to.", figures.channels);
  out.Gauge("redis_pubsub_patterns", "Patterns of channels that somebody listens to.",
            figures.channel_patterns);
  out.Gauge("redis_tracking_total_keys", "Keys that clients hold copies of (CLIENT TRACKING).",
            figures.tracked_keys);
  out.Gauge("redis_tracking_total_items", "Copies of keys that clients hold.",
            figures.tracked_items);
  out.Gauge("redis_tracking_total_prefixes", "Prefixes of keys that clients track.",
            figures.tracked_prefixes);
  out.Gauge("redis_slowlog_length", "Commands in the slow log.", figures.slow_log_length);
  if (figures.slow_log_next_id > 0) {
    out.Gauge("redis_slowlog_last_id", "Number of the newest command in the slow log.",
              figures.slow_log_next_id - 1);
  }
  FamilyWriter lines = out.Counters("duet_log_lines_total", "Lines logged, by level.");
  for (size_t i = 0; i < figures.log.lines.size(); ++i) {
    lines.Sample(static_cast<double>(figures.log.lines[i]),
                 {{"level", std::string(LogLevelName(static_cast<LogLevel>(i)))}});
  }
  out.Counters("duet_log_lines_lost_total", "Lines that were not written, by reason.")
      .Sample(static_cast<double>(figures.log.dropped), {{"reason", "queue_full"}})
      .Sample(static_cast<double>(figures.log.held_back), {{"reason", "repeated"}});
  out.Counters("duet_trace_spans_total", "Spans of sampled requests, by what became of them.")
      .Sample(static_cast<double>(figures.spans.exported), {{"state", "exported"}})
      .Sample(static_cast<double>(figures.spans.failed), {{"state", "failed"}})
      .Sample(static_cast<double>(figures.spans.dropped), {{"state", "dropped"}});
}

void AddErrors(Builder& out, const Registry& registry, const Figures& figures) {
  std::map<std::string, uint64_t> by_name;
  const size_t count = std::min(figures.error_names.size(), kErrorWords);
  for (size_t i = 0; i < count; ++i) {
    by_name[figures.error_names[i]] += registry.Sum(
        [i](const WorkerCounters& worker) -> const Counter& { return worker.errors[i]; });
  }
  uint64_t total = 0;
  for (const auto& [name, errors] : by_name) total += errors;
  out.Gauge("redis_total_error_replies", "Error replies.", total);
  FamilyWriter family = out.Counters("redis_errors_total", "Error replies, by their first word.");
  for (const auto& [name, errors] : by_name) {
    if (errors > 0) family.Sample(static_cast<double>(errors), {{"err", name}});
  }
}

void AddStore(Builder& out, const Registry& registry, const Figures& figures) {
  const auto per_database = [&](const char* name, const char* help, auto value) {
    FamilyWriter family = out.Gauges(name, help);
    for (size_t i = 0; i < figures.databases.size(); ++i) {
      family.Sample(static_cast<double>(value(figures.databases[i])),
                    {{"db", "db" + std::to_string(i)}});
    }
  };
  per_database("redis_db_keys", "Keys in each database.",
               [](const DatabaseFigures& database) { return database.keys; });
  per_database("redis_db_keys_expiring", "Keys with an expiry in each database.",
               [](const DatabaseFigures& database) { return database.keys_with_expiry; });
  per_database("redis_db_avg_ttl_seconds", "Mean time to live of the keys with an expiry.",
               [](const DatabaseFigures& database) { return database.average_ttl_seconds; });
  out.Counter("redis_expired_keys_total", "Keys removed because their time had come.",
              figures.expired_keys);
  out.Counter("redis_evicted_keys_total", "Keys removed to free memory.", figures.evicted_keys);
  out.Counter("redis_keyspace_hits_total", "Look-ups that found their key.",
              Total(registry, &WorkerCounters::keyspace_hits));
  out.Counter("redis_keyspace_misses_total", "Look-ups that did not find their key.",
              Total(registry, &WorkerCounters::keyspace_misses));
  out.Gauge("duet_store_entry_bytes", "Memory of keys and values.", figures.memory.dataset);
  out.Gauge("duet_store_table_bytes", "Memory of hash tables and expiry indexes.",
            figures.table_bytes);
  out.Gauge("duet_store_shards", "Parts of the store, each with a lock.", figures.shards);
}

void AddAllocator(Builder& out, const MemoryFigures& memory) {
  out.Gauge("redis_allocator_allocated_bytes", "Memory allocated by the program.",
            memory.allocator_allocated);
  if (memory.allocator_active == 0) return;
  const auto allocated = static_cast<double>(memory.allocator_allocated);
  const auto active = static_cast<double>(memory.allocator_active);
  const auto resident = static_cast<double>(memory.allocator_resident);
  out.Gauge("redis_allocator_active_bytes", "Memory of the pages that hold it.", active);
  out.Gauge("redis_allocator_resident_bytes", "Memory that the allocator holds.", resident);
  out.Gauge("redis_allocator_frag_bytes", "Active over allocated memory.", active - allocated);
  out.Gauge("redis_allocator_rss_bytes", "Resident over active memory.", resident - active);
  if (allocated > 0) {
    out.Gauge("redis_allocator_frag_ratio", "The same, as a ratio.", active / allocated);
  }
  out.Gauge("redis_allocator_rss_ratio", "The same, as a ratio.", resident / active);
}

void AddMemory(Builder& out, const Figures& figures) {
  const MemoryFigures& memory = figures.memory;
  const uint64_t resident = figures.process.resident_bytes;
  out.Gauge("redis_memory_used_bytes", "Memory in use, as maxmemory bounds it.", memory.used);
  out.Gauge("redis_memory_max_bytes", "Memory limit (maxmemory); 0: none.", memory.maximum);
  out.Gauge("redis_config_maxmemory", "The same, by its other name.", memory.maximum);
  out.Gauge("redis_memory_used_rss_bytes", "Memory resident.", resident);
  out.Gauge("redis_memory_used_peak_bytes", "The most memory that was in use.", memory.peak);
  out.Gauge("redis_memory_used_startup_bytes", "Memory in use at the start.", memory.startup);
  out.Gauge("redis_memory_used_dataset_bytes", "Memory of keys and values.", memory.dataset);
  out.Gauge("redis_memory_used_overhead_bytes", "Memory of all else.", memory.overhead);
  out.Gauge("redis_mem_clients_normal", "Memory of connected clients, in bytes.", memory.clients);
  if (memory.used > 0) {
    const double ratio = static_cast<double>(resident) / static_cast<double>(memory.used);
    out.Gauge("redis_mem_fragmentation_ratio", "Resident memory over memory in use.", ratio);
    out.Gauge("redis_memory_fragmentation_ratio",
              "The same, by the name that older dashboards use.", ratio);
    out.Gauge("redis_mem_fragmentation_bytes", "Resident memory less memory in use.",
              static_cast<double>(resident) - static_cast<double>(memory.used));
  }
  out.Gauge("redis_total_system_memory_bytes", "Memory of the machine.",
            figures.process.system_memory_bytes);
  AddAllocator(out, memory);
}

void AddProcess(Builder& out, const Figures& figures) {
  const ProcessFigures& process = figures.process;
  out.Counter("redis_cpu_sys_seconds_total", "CPU time in the kernel.", process.cpu_sys_seconds);
  out.Counter("redis_cpu_user_seconds_total", "CPU time outside of the kernel.",
              process.cpu_user_seconds);
  out.Counter("process_cpu_seconds_total", "CPU time, user and system.",
              process.cpu_user_seconds + process.cpu_sys_seconds);
  out.Gauge("process_resident_memory_bytes", "Memory resident.", process.resident_bytes);
  out.Gauge("process_virtual_memory_bytes", "Address space mapped.", process.virtual_bytes);
  out.Gauge("process_start_time_seconds", "Start time, in seconds since the Unix epoch.",
            process.start_time_seconds);
  out.Gauge("process_open_fds", "File descriptors open.", process.open_fds);
  out.Gauge("process_max_fds", "File descriptors allowed.", process.max_fds);
  out.Gauge("process_threads", "Threads.", process.threads);
}

void AddWorkers(Builder& out, const Figures& figures) {
  const auto per_worker = [&](MetricType type, const char* name, const char* help, auto value) {
    FamilyWriter family = out.Begin(type, name, help);
    for (size_t i = 0; i < figures.workers.size(); ++i) {
      const WorkerFigures& worker = figures.workers[i];
      family.Sample(static_cast<double>(value(worker)),
                    {{"worker", std::to_string(i)}, {"kind", worker.kind}});
    }
  };
  const MetricType counter = MetricType::Counter;
  const MetricType gauge = MetricType::Gauge;
  per_worker(gauge, "duet_worker_active", "Whether the worker takes connections or calls now.",
             [](const WorkerFigures& worker) { return worker.active ? 1 : 0; });
  per_worker(counter, "duet_worker_loops_total", "Times the worker waited for events.",
             [](const WorkerFigures& worker) { return worker.loops; });
  per_worker(counter, "duet_worker_events_total", "Completions the worker ran.",
             [](const WorkerFigures& worker) { return worker.events; });
  per_worker(counter, "duet_worker_wakeups_total", "Times another thread woke the worker.",
             [](const WorkerFigures& worker) { return worker.wakeups; });
  per_worker(counter, "duet_worker_busy_seconds_total", "Time the worker ran completions.",
             [](const WorkerFigures& worker) { return worker.busy_seconds; });
  per_worker(counter, "duet_worker_idle_seconds_total", "Time the worker waited.",
             [](const WorkerFigures& worker) { return worker.idle_seconds; });
  per_worker(gauge, "duet_worker_connections", "Connections the worker runs now.",
             [](const WorkerFigures& worker) { return worker.connections; });
  per_worker(gauge, "duet_worker_queue_length", "Posts found at the last turn of the loop.",
             [](const WorkerFigures& worker) { return worker.queue_length; });
  per_worker(gauge, "duet_worker_lag_seconds", "How long the last turn of the worker's loop took.",
             [](const WorkerFigures& worker) { return worker.lag_seconds; });
  per_worker(gauge, "duet_worker_max_lag_seconds", "The longest turn of the worker's loop so far.",
             [](const WorkerFigures& worker) { return worker.max_lag_seconds; });
}

// grpc::StatusCode, as go-grpc-prometheus spells it.
constexpr const char* kGrpcCodes[kRpcCodes] = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

Labels MethodLabels(const RpcMethod& method) {
  return {
      {"grpc_type", method.type}, {"grpc_service", method.service}, {"grpc_method", method.method}};
}

// Every method from the start, with zeros: a rate over a method's first call is right that way.
// The codes other than OK appear when they happen.
void AddRpcs(Builder& out, const Registry& registry, const Figures& figures) {
  const size_t count = std::min(figures.rpc_methods.size(), kMaxRpcMethods);
  const auto sum = [&](size_t index, auto get) {
    return registry.Sum(
        [&](const WorkerCounters& worker) -> const Counter& { return get(worker.rpcs[index]); });
  };
  const auto per_method = [&](const char* name, const char* help, Counter RpcCounters::*member) {
    FamilyWriter family = out.Counters(name, help);
    for (size_t i = 0; i < count; ++i) {
      const uint64_t value =
          sum(i, [member](const RpcCounters& rpc) -> const Counter& { return rpc.*member; });
      family.Sample(static_cast<double>(value), MethodLabels(figures.rpc_methods[i]));
    }
  };
  per_method("grpc_server_started_total", "Calls started.", &RpcCounters::started);
  per_method("grpc_server_msg_received_total", "Messages received.", &RpcCounters::received);
  per_method("grpc_server_msg_sent_total", "Messages sent.", &RpcCounters::sent);

  FamilyWriter handled = out.Counters("grpc_server_handled_total", "Calls completed, by code.");
  for (size_t i = 0; i < count; ++i) {
    for (size_t code = 0; code < kRpcCodes; ++code) {
      const uint64_t value =
          sum(i, [code](const RpcCounters& rpc) -> const Counter& { return rpc.handled[code]; });
      if (value == 0 && code != 0) continue;
      Labels labels = MethodLabels(figures.rpc_methods[i]);
      labels.push_back({"grpc_code", kGrpcCodes[code]});
      handled.Sample(static_cast<double>(value), std::move(labels));
    }
  }

  FamilyWriter handling = out.Begin(MetricType::Histogram, "grpc_server_handling_seconds",
                                    "How long calls took until the server had answered.");
  for (size_t i = 0; i < count; ++i) {
    LatencyCounts latency{};
    for (size_t bucket = 0; bucket < kLatencyBuckets; ++bucket) {
      latency[bucket] = sum(
          i, [bucket](const RpcCounters& rpc) -> const Counter& { return rpc.latency[bucket]; });
    }
    const uint64_t ticks =
        sum(i, [](const RpcCounters& rpc) -> const Counter& { return rpc.ticks; });
    handling.Histogram(MakeHistogram(latency, ticks, figures.ticks_per_us, RpcBounds()),
                       MethodLabels(figures.rpc_methods[i]));
  }
}

}  // namespace

WorkerFigures FromRuntime(const runtime::WorkerFigures& figures) {
  const auto seconds = [](const runtime::Figure& ns) {
    return static_cast<double>(ns.Value()) / 1e9;
  };
  WorkerFigures worker;
  worker.loops = figures.loops.Value();
  worker.events = figures.events.Value() + figures.posts.Value() + figures.timers.Value();
  worker.wakeups = figures.wakeups.Value();
  worker.busy_seconds = seconds(figures.busy_ns);
  worker.idle_seconds = seconds(figures.idle_ns);
  worker.queue_length = figures.queue_length.Value();
  worker.lag_seconds = seconds(figures.lag_ns);
  worker.max_lag_seconds = seconds(figures.max_lag_ns);
  return worker;
}

std::vector<MetricFamily> Collect(const Registry& registry, const Figures& figures) {
  Builder out;
  AddServer(out, figures);
  AddConnections(out, registry, figures);
  AddCommands(out, registry, figures);
  AddErrors(out, registry, figures);
  AddListeners(out, figures);
  AddStore(out, registry, figures);
  AddMemory(out, figures);
  AddProcess(out, figures);
  AddWorkers(out, figures);
  AddRpcs(out, registry, figures);
  return std::move(out).Finish();
}

std::string Exposition(const Registry& registry, const Figures& figures) {
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, Collect(registry, figures));
  return std::move(text).str();
}

std::string ToOpenMetrics(std::string_view exposition) {
  constexpr std::string_view kTotal = "_total ";
  std::string text;
  text.reserve(exposition.size() + 16);
  while (!exposition.empty()) {
    const size_t end = std::min(exposition.find('\n'), exposition.size() - 1) + 1;
    const std::string_view line = exposition.substr(0, end);
    exposition.remove_prefix(end);
    // "# TYPE name_total counter": the name is the third word.
    const size_t name_end = line.starts_with("# ") ? line.find(' ', line.find(' ', 2) + 1) : 0;
    if (name_end != 0 && line.substr(0, name_end + 1).ends_with(kTotal)) {
      text.append(line.substr(0, name_end + 1 - kTotal.size())).append(line.substr(name_end));
    } else {
      text.append(line);
    }
  }
  return text + "# EOF\n";
}

}  // namespace duet::metrics
