#include "server/server.h"

#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "server/base/hash.h"
#include "server/commands/client_pause.h"
#include "server/commands/command_table.h"
#include "server/commands/memory_report.h"
#include "server/commands/server_memory.h"
#include "server/commands/statistics.h"
#include "server/descriptors.h"
#include "server/metrics/process.h"
#include "server/runtime/switch.h"
#include "server/runtime/timer.h"
#include "server/span_export.h"
#include "server/status.h"

namespace duet {
namespace {

// How often keys whose time has come are looked for and rates are sampled, and how many of their
// deadlines are looked at before others get their turn on the worker.
constexpr std::chrono::milliseconds kBackgroundPeriod{1000 / commands::kBackgroundHz};
constexpr size_t kExpiryBudget = 1000;

// How often clients are looked for that do not read (commands/output_limits.h).
constexpr std::chrono::seconds kOutputPeriod{1};

// What a scrape that is under way at the end may still take.
constexpr std::chrono::seconds kAdminGrace{1};

std::string RandomRunId() {
  std::string id;
  while (id.size() < 40) absl::StrAppend(&id, absl::Hex(RandomSeed(), absl::kZeroPad16));
  id.resize(40);
  return id;
}

std::string ExecutablePath() {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : path.string();
}

store::StoreOptions StoreOptionsOf(const Config& config) {
  return {.shard_bits = config.shard_bits, .hash_seed = RandomSeed()};
}

TlsOptions TlsOptionsOf(const Config& config) {
  return {.cert_file = config.tls_cert_file,
          .key_file = config.tls_key_file,
          .ca_file = config.tls_ca_cert_file,
          .client_auth = config.tls_auth_clients,
          .versions = config.tls_protocols,
          .ciphers = config.tls_ciphers,
          .ciphersuites = config.tls_ciphersuites};
}

runtime::RuntimeOptions RuntimeOptionsOf(const Config& config, const Clock* clock) {
  runtime::RuntimeOptions options;
  options.threads = config.threads;
  options.read_buffer_bytes = config.read_buffer_bytes;
  options.spin_us = config.spin_us;
  options.clock = clock;
  return options;
}

metrics::MemoryFigures MemoryFiguresOf(const commands::MemoryReport& report) {
  metrics::MemoryFigures figures;
  figures.used = report.used;
  figures.peak = report.peak;
  figures.startup = report.startup;
  figures.dataset = report.dataset();
  figures.overhead = report.overhead();
  figures.clients = report.clients;
  figures.allocator_allocated = report.allocator.allocated_bytes;
  figures.allocator_active = report.allocator.active_bytes;
  figures.allocator_resident = report.allocator.resident_bytes;
  return figures;
}

}  // namespace

Server::Server(const Config& config)
    : config_(config),
      log_(config.log_filter, config.log_format),
      grpc_log_(log_),
      settings_(config),
      clients_(config.limits.max_clients),
      store_(StoreOptionsOf(config)),
      runtime_(RuntimeOptionsOf(config, &clock_)),
      // One slot an I/O worker, then one a thread of gRPC's queue.
      registry_(2 * static_cast<size_t>(runtime_.size())),
      key_observers_(store_),
      key_event_observer_(context_),
      tracking_(context_, key_observers_),
      background_(runtime_) {
  context_.store = &store_;
  context_.clock = &clock_;
  context_.log = &log_;
  context_.settings = &settings_;
  context_.metrics = &registry_;
  context_.clients = &clients_;
  context_.hub = &hub_;
  context_.tracking = &tracking_;
  tracking_.set_max_keys(static_cast<uint64_t>(config_.tracking_table_max_keys));
  context_.limits = &config_.limits;
  context_.run_id = RandomRunId();
  context_.executable = ExecutablePath();
  context_.config_file = config_.config_file;
  context_.start_ms = clock_.WallMs();
  context_.workers = runtime_.size();
  context_.password.Set(config_.password);
  context_.debug_access = config_.debug_access;
  context_.shut_down = [this](bool now) { ShutDown(now); };
  memory_.emplace(context_, &commands::AllocatedBytes, RandomSeed());
  memory_->SetLimits(config_.memory);
  context_.memory = &*memory_;
  SetOutputLimits(config_);
  SetKeyEvents(config_.key_events);
  dispatcher_ = std::make_unique<commands::Dispatcher>(context_);
  CycleClock::TicksPerUs();  // calibrates before anybody waits for it
}

Server::~Server() = default;

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Config& config) {
  if (absl::Status allowed = AllowDescriptors(config); !allowed.ok()) {
    return allowed;
  }
  std::unique_ptr<Server> server(new Server(config));
  if (std::optional<std::string> complaint = server->oom_score_.ApplyBlocking(config)) {
    return absl::PermissionDeniedError("--oom-score-adj: " + *complaint);
  }
  if (absl::Status opened = server->Open(); !opened.ok()) {
    server->DrainBlocking();
    return opened;
  }
  return server;
}

absl::Status Server::Open() {
  const std::vector<std::string> hosts = BindHostsBlocking(config_);
  if (absl::Status loaded = LoadTls(); !loaded.ok()) return loaded;
  if (absl::Status opened = OpenResp(hosts); !opened.ok()) return opened;
  if (config_.admin_port != kPortOff) {
    if (absl::Status opened = OpenAdmin(hosts); !opened.ok()) return opened;
  }
  // From the start on there are readers: of metrics, and a door after the other.
  span_exporter_ = StartSpanExport(config_, context_.run_id, context_.tracer, log_);
  SetSampleRatio(config_.trace_sample_ratio);
  RegisterRuntimeSettings();
  RegisterPubsubSettings();
  runtime_.Start();
  started_ = true;
  if (config_.grpc_port != kPortOff || config_.grpc_tls_port != kPortOff) {
    if (absl::Status opened = OpenGrpc(hosts); !opened.ok()) return opened;
  }

  ReportSettings();
  background_.Spawn(WorkInBackground());
  background_.Spawn(WatchOutputs());
  resp_->Start();
  if (grpc_ != nullptr) grpc_->SetServing(true);
  memory_->NoteStartup(clock_.WallMs());
  for (const ListeningDoor& door : listening()) {
    // Start-up prints these to standard output too.
    log_.Debug(LogTarget::kServer, "listening", {{"door", door.door}, {"address", door.address}});
  }
  log_.Info(LogTarget::kServer, "ready", {{"version", Version()}, {"threads", runtime_.size()}});
  ready_.store(true);
  return absl::OkStatus();
}

absl::Status Server::LoadTls() {
  if (config_.tls_port == kPortOff && config_.grpc_tls_port == kPortOff) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<tls::Credentials>> loaded =
      tls::Credentials::LoadBlocking(TlsOptionsOf(config_));
  if (!loaded.ok()) return loaded.status();
  tls_credentials_ = *std::move(loaded);
  const int64_t interval_ms = config_.tls_reload_interval_ms;
  if (interval_ms > 0) {
    tls_watch_ = std::make_unique<tls::FileWatch>(*tls_credentials_, interval_ms, log_);
  }
  return absl::OkStatus();
}

absl::Status Server::OpenResp(const std::vector<std::string>& hosts) {
  resp::RespOptions options;
  if (config_.resp_port != kPortOff) options.bind = hosts;
  options.port = config_.resp_port;
  if (config_.tls_port != kPortOff) options.tls_bind = hosts;
  options.tls_port = config_.tls_port;
  options.credentials = tls_credentials_.get();
  options.unix_socket = config_.unix_socket;
  if (config_.unix_socket_perm != 0) {
    options.unix_socket_mode = static_cast<int>(config_.unix_socket_perm);
  }
  options.backlog = config_.tcp_backlog;
  options.keepalive_s = config_.tcp_keepalive_s;
  options.idle_timeout_s = config_.client_timeout_s;
  absl::StatusOr<std::unique_ptr<resp::RespServer>> resp =
      resp::RespServer::Bind(runtime_, *dispatcher_, registry_, options);
  if (!resp.ok()) return resp.status();
  resp_ = *std::move(resp);
  context_.resp_port = resp_->port();
  context_.resp_tls_port = resp_->tls_port();
  return absl::OkStatus();
}

absl::Status Server::OpenAdmin(const std::vector<std::string>& hosts) {
  http::AdminOptions options;
  options.hosts = hosts;
  options.port = config_.admin_port;
  http::AdminHandlers handlers;
  handlers.ready = [this] {
    return ready_.load() ? absl::OkStatus()
                         : absl::UnavailableError("the server is starting or draining");
  };
  handlers.status = [this] { return StatusJson(context_, Version(), ready_.load()); };
  handlers.metrics = [this](bool open_metrics) {
    std::string text = metrics::Exposition(registry_, Figures());
    return open_metrics ? metrics::ToOpenMetrics(text) : text;
  };
  absl::StatusOr<std::unique_ptr<http::AdminServer>> admin =
      http::AdminServer::Start(runtime_, std::move(options), std::move(handlers));
  if (!admin.ok()) return admin.status();
  admin_ = *std::move(admin);
  context_.admin_port = admin_->port();
  return absl::OkStatus();
}

absl::Status Server::OpenGrpc(const std::vector<std::string>& hosts) {
  rpc::GrpcServerOptions options;
  options.addresses = hosts;
  options.port = std::nullopt;
  if (config_.grpc_port != kPortOff) options.port = config_.grpc_port;
  if (config_.grpc_tls_port != kPortOff) {
    options.tls = {.port = config_.grpc_tls_port,
                   .client_auth = config_.tls_auth_clients,
                   .files = [this] { return tls_credentials_->files(); }};
  }
  options.backlog = config_.tcp_backlog;
  options.runtime = &runtime_;
  options.dispatcher = dispatcher_.get();
  options.registry = &registry_;
  options.counters_offset = static_cast<size_t>(runtime_.size());
  options.max_queue_threads = runtime_.size();
  options.limits = config_.limits;
  options.next_session_id = [this] { return clients_.NextId(); };
  absl::StatusOr<std::unique_ptr<rpc::GrpcServer>> grpc =
      rpc::GrpcServer::Start(std::move(options));
  if (!grpc.ok()) return grpc.status();
  grpc_ = *std::move(grpc);
  context_.grpc_port = grpc_->port();
  context_.grpc_tls_port = grpc_->tls_port();
  return absl::OkStatus();
}

// What start-up found out.
void Server::ReportSettings() {
  settings_.Report("resp-port", context_.resp_port);
  if (config_.tls_port != kPortOff) settings_.Report("tls-port", context_.resp_tls_port);
  settings_.Report("grpc-port", context_.grpc_port);
  if (config_.grpc_tls_port != kPortOff) settings_.Report("grpc-tls-port", context_.grpc_tls_port);
  settings_.Report("admin-port", context_.admin_port);
  settings_.Report("threads", runtime_.size());
}

// What CONFIG SET changes.
void Server::RegisterRuntimeSettings() {
  settings_.OnChange("maxclients", [this](const Config& changed) -> std::optional<std::string> {
    if (absl::Status allowed = AllowDescriptors(changed); !allowed.ok()) {
      return std::string(allowed.message());
    }
    clients_.set_max_clients(changed.limits.max_clients);
    return std::nullopt;
  });
  settings_.OnChange("timeout", [this](const Config& changed) -> std::optional<std::string> {
    resp_->set_idle_timeout_s(changed.client_timeout_s);
    return std::nullopt;
  });
  settings_.OnChange("tcp-keepalive", [this](const Config& changed) -> std::optional<std::string> {
    resp_->set_keepalive_s(changed.tcp_keepalive_s);
    return std::nullopt;
  });
  commands::CommandTrace& trace = context_.trace;
  const auto apply_trace = [&trace](const Config& config) -> std::optional<std::string> {
    trace.set_slower_than_us(config.slowlog_log_slower_than_us);
    trace.slow_log().set_max_length(static_cast<size_t>(config.slowlog_max_len));
    trace.set_latency_threshold_ms(config.latency_monitor_threshold_ms);
    return std::nullopt;
  };
  apply_trace(config_);
  for (const char* name :
       {"slowlog-log-slower-than", "slowlog-max-len", "latency-monitor-threshold"}) {
    settings_.OnChange(name, apply_trace);
  }
  for (const char* name : {"maxmemory", "maxmemory-policy", "maxmemory-samples",
                           "maxmemory-eviction-tenacity", "lfu-log-factor", "lfu-decay-time"}) {
    settings_.OnChange(name, [this](const Config& changed) -> std::optional<std::string> {
      memory_->SetLimits(changed.memory);
      return std::nullopt;
    });
  }
  const auto apply_acl_log = [this](const Config& config) -> std::optional<std::string> {
    context_.acl_log.set_max_length(static_cast<size_t>(config.acllog_max_len));
    return std::nullopt;
  };
  apply_acl_log(config_);
  settings_.OnChange("acllog-max-len", apply_acl_log);
  for (const char* name : {"oom-score-adj", "oom-score-adj-values"}) {
    settings_.OnChange(name,
                       [this](const Config& changed) { return oom_score_.ApplyBlocking(changed); });
  }
  settings_.OnChange("log-level", [this](const Config& changed) -> std::optional<std::string> {
    log_.SetFilter(changed.log_filter);
    return std::nullopt;
  });
  settings_.OnChange("requirepass", [this](const Config& changed) -> std::optional<std::string> {
    context_.password.Set(changed.password);
    return std::nullopt;
  });
  settings_.OnChange("trace-sample-ratio",
                     [this](const Config& changed) -> std::optional<std::string> {
                       SetSampleRatio(changed.trace_sample_ratio);
                       return std::nullopt;
                     });
  // INFO and DrainBlocking read these when they need them.
  const auto later = [](const Config&) { return std::optional<std::string>(); };
  settings_.OnChange("latency-tracking", later);
  settings_.OnChange("latency-tracking-info-percentiles", later);
  settings_.OnChange("drain-delay", later);
  settings_.OnChange("drain-timeout", later);
}

void Server::RegisterPubsubSettings() {
  for (const char* name : {"client-output-buffer-limit", "max-output-bytes"}) {
    settings_.OnChange(name, [this](const Config& changed) -> std::optional<std::string> {
      SetOutputLimits(changed);
      return std::nullopt;
    });
  }
  settings_.OnChange(
      "tracking-table-max-keys", [this](const Config& changed) -> std::optional<std::string> {
        tracking_.set_max_keys(static_cast<uint64_t>(changed.tracking_table_max_keys));
        tracking_.EnforceLimit();
        return std::nullopt;
      });
  settings_.OnChange("notify-keyspace-events",
                     [this](const Config& changed) -> std::optional<std::string> {
                       SetKeyEvents(changed.key_events);
                       return std::nullopt;
                     });
}

void Server::SetOutputLimits(const Config& config) {
  context_.output_limits.Set(commands::ClientClass::kNormal, config.output_normal);
  context_.output_limits.Set(commands::ClientClass::kPubsub, config.output_pubsub);
}

void Server::SetKeyEvents(uint32_t events) {
  context_.key_events.store(events, std::memory_order_relaxed);
  key_observers_.Listen(key_event_observer_, commands::KeyEventObserver::Listens(events));
}

void Server::SetSampleRatio(double ratio) {
  context_.tracer.set_ratio(ratio);
  context_.trace.set_samples(context_.tracer.samples_roots());
}

std::vector<ListeningDoor> Server::listening() const {
  std::vector<ListeningDoor> doors;
  const auto add = [&doors](std::string_view door, const std::vector<std::string>& addresses) {
    for (const std::string& address : addresses) doors.push_back({std::string(door), address});
  };
  if (resp_ != nullptr) {
    add("resp", resp_->addresses());
    add("resp-tls", resp_->tls_addresses());
  }
  if (grpc_ != nullptr) {
    add("grpc", grpc_->listening());
    add("grpc-tls", grpc_->tls_listening());
  }
  if (admin_ != nullptr) add("admin", admin_->addresses());
  return doors;
}

// What is done kBackgroundHz times a second.
runtime::Task<> Server::WorkInBackground() {
  runtime::Worker& worker = runtime_.worker(0);
  const runtime::CancelToken token = background_.token();
  int64_t next_ns = 0;
  for (;;) {
    const bool more = WorkSome();
    const int64_t now_ns = clock_.MonotonicNs();
    if (now_ns >= next_ns) {
      next_ns = now_ns + std::chrono::nanoseconds(kBackgroundPeriod).count();
      tracking_.TellPrefixes();
      tracking_.EnforceLimit();
      SampleRates();
    }
    if (more) {
      co_await runtime::SwitchTo(worker);
      if (token.cancelled()) co_return;
      continue;
    }
    const bool elapsed = co_await runtime::Sleep(worker, kBackgroundPeriod, token);
    if (!elapsed) co_return;
  }
}

// Is there more to do at once? The keys stay as they are during CLIENT PAUSE.
bool Server::WorkSome() {
  const bool more_to_free = context_.lazy_free.FreeSome(clock_);
  if (context_.background_paused || commands::IsPaused(context_, clock_.WallMs())) {
    return more_to_free;
  }
  const bool more_expired = context_.active_expire && ExpireKeys();
  const bool more_to_evict = EvictKeys();
  return more_to_free || more_expired || more_to_evict;
}

runtime::Task<> Server::WatchOutputs() {
  runtime::Worker& worker = runtime_.worker(0);
  for (;;) {
    const bool elapsed = co_await runtime::Sleep(worker, kOutputPeriod, background_.token());
    if (!elapsed) co_return;
    commands::EnforceOutputLimits(context_);
  }
}

// Are there more whose time has come?
bool Server::ExpireKeys() {
  const int64_t begin_ns = clock_.MonotonicNs();
  const int64_t now_ms = clock_.WallMs();
  store_.EraseExpired(now_ms, kExpiryBudget);
  const int64_t took_ms = (clock_.MonotonicNs() - begin_ns) / 1'000'000;
  context_.trace.NoteEvent("expire-cycle", took_ms, clock_.WallMs());
  return store_.HasDue(now_ms);
}

void Server::SampleRates() {
  const auto sum = [this](metrics::Counter metrics::Counters::*counter) {
    return registry_.Sum([counter](const metrics::Counters& worker) -> const metrics::Counter& {
      return worker.*counter;
    });
  };
  using metrics::Counters;
  context_.rates.Sample(
      {.commands = commands::CountCallsSinceStart(registry_),
       .bytes_in = sum(&Counters::resp_bytes_in) + sum(&Counters::grpc_bytes_in),
       .bytes_out = sum(&Counters::resp_bytes_out) + sum(&Counters::grpc_bytes_out)},
      clock_.WallMs());
}

// What a command had no time for, and what a lower bound asks for while no command comes.
bool Server::EvictKeys() {
  using Room = commands::MemoryBound::Room;
  return context_.modes.Has(commands::kMemoryBound) &&
         memory_->MakeRoom(registry_.worker(0), clock_.WallMs()) == Room::kRunning;
}

void Server::ShutDown(bool now) {
  if (now) skip_drain_delay_.store(true);
  context_.shutting_down.store(true);
  signal_.Trigger();
}

void Server::DrainBlocking() {
  const bool served = ready_.exchange(false);  // false: the start has failed
  context_.shutting_down.store(true);
  if (grpc_ != nullptr) grpc_->SetServing(false);
  if (served) {
    const int64_t delay_ms = skip_drain_delay_.load() ? 0 : settings_.Number("drain-delay");
    log_.Info(LogTarget::kServer, "draining", {{"delay_ms", delay_ms}});
    context_.maintenance.Announce(context_, clock_.WallMs() + delay_ms);
    absl::SleepFor(absl::Milliseconds(delay_ms));
  }
  const int64_t timeout_ms = settings_.Number("drain-timeout");
  const absl::Time end = absl::Now() + absl::Milliseconds(timeout_ms);
  if (started_) {
    // Both at once: a client that holds up one door must not take the other's time.
    std::thread resp_drain([this, timeout_ms] { resp_->DrainBlocking(timeout_ms); });
    if (grpc_ != nullptr) grpc_->DrainBlocking(absl::Milliseconds(timeout_ms));
    resp_drain.join();
    if (admin_ != nullptr) {
      runtime_.Spawn(admin_->Drain(runtime::Deadline::After(clock_, kAdminGrace))).JoinBlocking();
    }
    background_.Cancel();
    background_.JoinBlocking();
    runtime_.ShutdownAndJoinBlocking();
    if (span_exporter_ != nullptr) span_exporter_->ShutdownBlocking(end);
    started_ = false;
  }
  grpc_.reset();
  admin_.reset();
  resp_.reset();
  if (served) log_.Info(LogTarget::kServer, "stopped");
}

metrics::Figures Server::Figures() {
  metrics::Figures figures;
  figures.version = Version();
  figures.redis_version = "7.4.0";
  figures.os = metrics::OperatingSystem();
  figures.compiler = __VERSION__;
  figures.ready = ready_.load();
  if (tls_credentials_ != nullptr) figures.certificate_expires_s = tls_credentials_->expires_s();
  figures.uptime_seconds = static_cast<uint64_t>((clock_.WallMs() - context_.start_ms) / 1000);
  figures.max_clients = clients_.max_clients();
  figures.grpc_max_connections = config_.limits.grpc_max_connections;
  clients_.ForEach([&figures](const commands::Session& client) {
    if (client.waits) ++figures.blocked_clients;
    if (client.has(commands::kTracks)) ++figures.tracking_clients;
  });
  figures.tracked_keys = tracking_.keys();
  figures.tracked_items = tracking_.items();
  figures.tracked_prefixes = tracking_.prefixes();
  figures.channels = hub_.channels.channel_count() + hub_.shard_channels.channel_count();
  figures.channel_patterns = hub_.channels.pattern_count();
  figures.slow_log_length = context_.trace.slow_log().length();
  figures.slow_log_next_id = context_.trace.slow_log().next_id();
  figures.log = log_.figures();
  if (span_exporter_ != nullptr) {
    const tracing::ExportFigures spans = span_exporter_->figures();
    figures.spans = {spans.exported, spans.failed, context_.tracer.queue().dropped()};
  }
  figures.ticks_per_us = CycleClock::TicksPerUs();
  const int64_t now_ms = clock_.WallMs();
  const commands::MemoryReport memory = commands::ReportMemory(context_, now_ms);
  for (const store::StoreStats& stats : memory.databases) {
    figures.databases.push_back({.keys = stats.keys, .keys_with_expiry = stats.keys_with_expiry});
    if (stats.keys_with_expiry > 0) {
      figures.databases.back().average_ttl_seconds = static_cast<double>(stats.expiry_sum_ms) /
                                                     static_cast<double>(stats.keys_with_expiry) /
                                                     1000.0;
    }
    figures.expired_keys += stats.expired_keys;
  }
  figures.table_bytes = memory.total.table_bytes;
  figures.shards = store_.shard_count();
  figures.evicted_keys =
      registry_.Sum([](const metrics::WorkerCounters& worker) -> const metrics::Counter& {
        return worker.evicted_keys;
      });
  figures.memory = MemoryFiguresOf(memory);
  figures.memory.maximum = memory_->limits().max_bytes;
  figures.memory.policy = context_.settings->Value("maxmemory-policy");
  figures.process = memory.process;
  for (int i = 0; i < runtime_.size(); ++i) {
    figures.workers.push_back(metrics::FromRuntime(runtime_.worker(i).figures()));
    figures.workers.back().active = i < runtime_.active_workers();
    figures.workers.back().connections = static_cast<uint64_t>(runtime_.worker(i).stream_count());
  }
  for (int i = 0; i < kErrorWordCount; ++i) {
    figures.error_names.emplace_back(ErrorWordText(static_cast<ErrorWord>(i)));
  }
  for (const commands::Command& command : dispatcher_->table().all()) {
    figures.command_names.push_back(command.full_name);
  }
  for (const rpc::MethodName& method : rpc::GrpcServer::method_names()) {
    figures.rpc_methods.push_back(
        {std::string(method.type), std::string(method.service), std::string(method.method)});
  }
  return figures;
}

}  // namespace duet
