#include "tests/support/in_process.h"

#include <cstdlib>

#include "server/base/log.h"
#include "tests/support/notation.h"

namespace duet::testing {

namespace {

Logger& QuietLogger() {
  static Logger logger{LogFilter(LogLevel::kOff)};
  return logger;
}

}  // namespace

InProcess::InProcess(commands::Door door) : door_(door) {
  settings.on_change = [this](const std::string& name, const std::string& value) {
    const int64_t number = std::strtoll(value.c_str(), nullptr, 10);
    if (name == "slowlog-log-slower-than") server.trace.set_slower_than_us(number);
    if (name == "latency-monitor-threshold") server.trace.set_latency_threshold_ms(number);
    if (name == "slowlog-max-len") {
      server.trace.slow_log().set_max_length(static_cast<size_t>(number));
    }
    if (name.starts_with("maxmemory") || name.starts_with("lfu")) ApplyMemoryLimits();
  };
  Reset();
}

// What of the settings the engine itself goes by.
void InProcess::ApplyMemoryLimits() {
  constexpr std::string_view kPolicies[] = {
      "noeviction",   "allkeys-lru",  "allkeys-lfu",     "allkeys-random",
      "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
  };  // by MemoryPolicy
  MemoryLimits memory_limits;
  memory_limits.max_bytes = static_cast<uint64_t>(settings.Number("maxmemory"));
  memory_limits.lfu_log_factor = static_cast<int>(settings.Number("lfu-log-factor"));
  memory_limits.lfu_decay_minutes = static_cast<int>(settings.Number("lfu-decay-time"));
  for (uint8_t i = 0; i < std::size(kPolicies); ++i) {
    if (kPolicies[i] == settings.Value("maxmemory-policy")) {
      memory_limits.policy = static_cast<MemoryPolicy>(i);
    }
  }
  memory->SetLimits(memory_limits);
}

std::unique_ptr<commands::Session> InProcess::NewSession(commands::Door door) {
  auto fresh = std::make_unique<commands::Session>(door, clients.NextId(), &registry.worker(0));
  fresh->peer_address = "127.0.0.1:" + std::to_string(50'412 + fresh->id);
  fresh->local_address = "127.0.0.1:6379";
  fresh->fd = 8;
  fresh->created_ms = clock.WallMs();
  fresh->authenticated = !server.password.required();
  fresh->last_command_ms = fresh->created_ms;
  if (fresh->is_connection()) fresh->mailbox = std::make_shared<pubsub::Mailbox>(nullptr);
  return fresh;
}

void InProcess::Reset() {
  clock.AdvanceMs(kStartMs - clock.WallMs());
  entry_.reset();
  session.reset();
  tracking.reset();
  observers.reset();
  store = std::make_unique<store::Store>(store::StoreOptions{.shard_bits = 4, .hash_seed = 7});
  server.store = store.get();
  server.clock = &clock;
  server.log = &QuietLogger();
  server.settings = &settings;
  server.metrics = &registry;
  server.clients = &clients;
  observers = std::make_unique<commands::KeyObservers>(*store);
  tracking = std::make_unique<commands::Tracking>(server, *observers);
  server.tracking = tracking.get();
  server.hub = &hub;
  server.limits = &limits;
  server.run_id = std::string(40, 'a');
  server.start_ms = clock.WallMs();
  server.debug_access = DebugAccess::kYes;
  server.shut_down = [this](bool now) { shut_down = now ? "now" : "drains"; };
  memory = std::make_unique<commands::MemoryBound>(server, nullptr, /*seed=*/7);
  server.memory = memory.get();
  dispatcher = std::make_unique<commands::Dispatcher>(server);
  session = NewSession(door_);
  if (session->is_connection()) entry_.emplace(clients, *session);
}

std::string InProcess::Send(const std::vector<std::string>& argv) { return SendAs(*session, argv); }

std::string InProcess::SendAs(commands::Session& as, const std::vector<std::string>& argv) {
  const std::vector<std::string_view> views(argv.begin(), argv.end());
  ReplyRecorder reply(as);
  dispatcher->Execute(as, views, reply);
  return reply.Take();
}

std::string InProcess::Run(std::initializer_list<std::string_view> argv) {
  return Notation(Send(std::vector<std::string>(argv.begin(), argv.end())));
}

std::vector<std::string> InProcess::RunBatch(
    const std::vector<std::vector<std::string>>& commands) {
  CommandBatch batch;
  for (const auto& argv : commands) {
    for (const std::string& word : argv) batch.Add(word);
    batch.EndCommand();
  }
  struct Replies {
    ReplyRecorder recorder;
    std::vector<std::string> done;
  } replies{ReplyRecorder(*session), {}};
  // Asked after each command, so it is where one reply ends and the next begins.
  const auto cut = [](void* context) {
    auto* all = static_cast<Replies*>(context);
    all->done.push_back(Notation(all->recorder.Take()));
    return false;
  };
  dispatcher->ExecuteBatch(*session, batch, 0, replies.recorder, cut, &replies);
  if (!replies.recorder.bytes().empty()) cut(&replies);
  return replies.done;
}

std::string FurtherClient::Run(std::initializer_list<std::string_view> argv) {
  return Notation(engine_.SendAs(*session_, std::vector<std::string>(argv.begin(), argv.end())));
}

std::string FurtherClient::Resume() {
  ReplyRecorder reply(*session_);
  if (!engine_.dispatcher->Resume(*session_, reply)) return "waits";
  return Notation(reply.Take());
}

std::string FurtherClient::Mail() {
  std::string bytes;
  for (const pubsub::Message& message : session_->mailbox->TakeAll()) bytes += *message;
  return Notation(bytes);
}

}  // namespace duet::testing
