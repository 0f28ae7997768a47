// How a batch is executed fast. The store is bound by memory latency, so a batch is taken in
// windows: a first pass over a window looks up the rows and hashes the keys (once; the hash travels
// with the key to the handler) and asks for the keys' buckets, a second pass asks for the entries
// that the buckets point to, and by the time that the third pass executes the commands, their
// lines are in cache or under way. A lone command with one key has nothing to overlap with and
// skips the prefetch.
//
// A command with one key costs no heap allocation, one look-up, one hash, one lock and one reading
// of the tick counter: the end of one command is the start of the next.
#include "server/commands/dispatcher.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/container/inlined_vector.h"

#include "server/commands/access_clock.h"
#include "server/commands/call.h"
#include "server/commands/client_pause.h"
#include "server/commands/command_table.h"
#include "server/commands/context.h"
#include "server/commands/further_steps.h"
#include "server/commands/memory_bound.h"
#include "server/commands/muted_reply.h"
#include "server/commands/tracking.h"
#include "server/commands/transaction_steps.h"
#include "server/metrics/worker_counters.h"
#include "server/store/database.h"
#include "server/store/shard_locks.h"
#include "server/store/store.h"

namespace duet::commands {
namespace {

static_assert(kErrorWordCount <= metrics::kErrorWords);

constexpr size_t kWindow = 32;  // commands that are prefetched together
constexpr size_t kMaxPrefetch =
    128;  // keys of long commands of a window; more would push each other out of the cache

const Command* Lookup(const CommandTable& table, Argv argv) {
  const Command* command = table.Find(argv[0]);
  if (command == nullptr || command->subcommands.empty() || argv.size() == 1) return command;
  return table.FindSubcommand(*command, argv[1]);
}

// As Lookup; pipelines mostly repeat a command, so `last` is what the command before this one was,
// called `last_name`.
const Command* Lookup(const CommandTable& table, Argv argv, const Command* last,
                      std::string_view last_name) {
  const std::string_view name = argv[0];
  if (last != nullptr && last->subcommands.empty() && last->container == nullptr &&
      std::equal(name.begin(), name.end(), last_name.begin(), last_name.end())) {
    return last;
  }
  return Lookup(table, argv);
}

bool ArityHolds(const CommandSpec& spec, size_t words) {
  return spec.arity > 0 ? words == static_cast<size_t>(spec.arity)
                        : words >= static_cast<size_t>(-spec.arity);
}

void AppendRun(const store::Store& store, const KeySpec& spec, Argv argv, Keys& keys) {
  if (spec.first == 0) return;
  const auto words = static_cast<ptrdiff_t>(argv.size());
  const ptrdiff_t last =
      spec.last < 0 ? words + spec.last : std::min<ptrdiff_t>(spec.last, words - 1);
  for (ptrdiff_t i = spec.first; i <= last; i += spec.step) {
    keys.push_back(store.MakeKey(argv[static_cast<size_t>(i)]));
  }
}

// Hashes the keys of a command that has as many words as its row asks for.
void CollectKeys(const store::Store& store, const Command* command, Argv argv, Keys& keys) {
  if (command == nullptr || !ArityHolds(*command->spec, argv.size())) return;
  AppendKeys(store, *command->spec, argv, keys);
}

// As much of a C string as Redis prints of an argument in an error.
std::string_view Printable(std::string_view arg, size_t limit) {
  arg = arg.substr(0, arg.find('\0'));
  return arg.substr(0, limit);
}

Error UnknownCommand(const CommandTable& table, Argv argv) {
  constexpr size_t kShown = 128;
  if (const Command* container = table.Find(argv[0]); container != nullptr) {
    std::string text = "ERR unknown subcommand '";
    text.append(Printable(argv[1], kShown)).append("'. Try ");
    for (const char c : container->full_name) {
      text += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return MakeError(ErrorCode::kUnknownCommand, text + " HELP.");
  }
  std::string args;
  for (size_t i = 1; i < argv.size() && args.size() < kShown; ++i) {
    const std::string_view shown = Printable(argv[i], kShown - args.size());
    args.append("'").append(shown).append("' ");
  }
  std::string text = "ERR unknown command '";
  text.append(Printable(argv[0], kShown)).append("', with args beginning with: ").append(args);
  return MakeError(ErrorCode::kUnknownCommand, std::move(text));
}

// Each of the checks refuses the command and returns false, or returns true.
bool CheckArity(Call& call) {
  if (ArityHolds(*call.command->spec, call.argv.size())) [[likely]]
    return true;
  return Refuse(call, WrongArity(call.command->full_name));
}

bool Authenticate(Call& call) {
  if (call.session.authenticated || (call.command->spec->flags & kNoAuth) != 0) [[likely]] {
    return true;
  }
  if (!call.server.password.required()) return true;  // taken away since the client connected
  return Refuse(call, MakeError(ErrorCode::kNoAuth, "NOAUTH Authentication required."));
}

bool CheckDoor(Call& call) {
  if ((call.command->spec->flags & kConnectionOnly) == 0 || call.session.is_connection())
      [[likely]] {
    return true;
  }
  return Refuse(call,
                MakeError(ErrorCode::kNotInThisDoor,
                          "ERR '" + call.command->full_name +
                              "' belongs to a connection and has no meaning in a single call"));
}

bool RefuseSize(Call& call, std::string_view what, uint64_t size, uint64_t limit) {
  std::string text = "ERR ";
  text.append(what).append(" is ").append(std::to_string(size)).append(" bytes; at most ");
  text.append(std::to_string(limit)).append(" are allowed");
  return Refuse(call, MakeError(ErrorCode::kLimit, std::move(text)));
}

bool IsKey(const Call& call, std::string_view arg) {
  return std::any_of(call.keys.begin(), call.keys.end(),
                     [arg](const store::Key& key) { return key.bytes.data() == arg.data(); });
}

// Keys of any command, and what a write brings with it.
bool CheckLimits(Call& call) {
  const Limits& limits = *call.server.limits;
  size_t longest = 0;
  for (const std::string_view arg : call.argv) longest = std::max(longest, arg.size());
  if (longest <= std::min(limits.max_key_bytes, limits.max_value_bytes)) [[likely]]
    return true;
  for (const store::Key& key : call.keys) {
    if (key.bytes.size() > limits.max_key_bytes) {
      return RefuseSize(call, "key", key.bytes.size(), limits.max_key_bytes);
    }
  }
  if ((call.command->spec->flags & kWrite) == 0) return true;
  for (const std::string_view arg : call.argv.subspan(1)) {
    if (arg.size() > limits.max_value_bytes && !IsKey(call, arg)) {
      return RefuseSize(call, "value", arg.size(), limits.max_value_bytes);
    }
  }
  return true;
}

void Run(Call& call) {
  store::ShardLocks locks(*call.server.store);
  LockKeys(call, locks);
  const std::shared_ptr<void> garbage = RunHandler(call, locks);
  locks.Unlock();  // before the garbage is freed
  CountGrowth(call, locks);
}

// Whether the command's look at a key is a use of it.
AccessClock ClockOf(const ServerContext& server, const Session& session, int64_t now_ms) {
  return {server.memory->limits(), now_ms, session.id << 40 ^ session.commands_processed};
}

// The time of a batch's commands. The wall clock is read once for all that take less than a
// millisecond together, and again behind a slow one: a key that has expired meanwhile is gone.
class BatchTime {
 public:
  // `ticks`: what the tick counter says now. The others outlive it.
  BatchTime(const ServerContext& server, const Session& session, uint64_t ticks)
      : server_(server), session_(session) {
    Read(ticks);
  }
  // A command begins at `ticks`.
  void Advance(uint64_t ticks) {
    if (ticks >= stale_ticks_) [[unlikely]]
      Read(ticks);
  }
  int64_t now_ms() const { return now_ms_; }
  AccessClock& access() { return *access_; }

 private:
  void Read(uint64_t ticks) {
    now_ms_ = server_.clock->WallMs();
    stale_ticks_ = ticks + static_cast<uint64_t>(1000 * CycleClock::TicksPerUs());
    access_.emplace(ClockOf(server_, session_, now_ms_));
  }

  const ServerContext& server_;
  const Session& session_;
  int64_t now_ms_ = 0;
  uint64_t stale_ticks_ = 0;
  std::optional<AccessClock> access_;
};

bool UsesKeys(const Call& call) {
  const uint32_t flags = call.command->spec->flags;
  if (call.session.has(kNoTouch)) [[unlikely]]
    return (flags & kTouches) != 0;
  return (flags & kKeepsAccess) == 0;
}

// `in_mode`: a mode of the session or of the server is on.
Step TakeSteps(const CommandTable& table, Call& call, bool in_mode, uint64_t& ticks) {
  Session& session = call.session;
  if (call.command == nullptr) [[unlikely]] {
    session.counters->unknown_commands.Add();
    Refuse(call, UnknownCommand(table, call.argv));
    return Step::kAnswered;
  }
  session.last_command = &call.command->full_name;
  if (!CheckArity(call) || !Authenticate(call) || !CheckDoor(call) || !CheckLimits(call)) {
    return Step::kAnswered;
  }
  if (in_mode) [[unlikely]] {
    if (const Step step = TakeFurtherSteps(call); step != Step::kGoOn) return step;
    ++session.commands_processed;
    ExecuteInMode(call, ticks);
    return Step::kGoOn;
  }
  ++session.commands_processed;
  const uint64_t errors_before = call.reply.errors();
  Run(call);
  Record(call, errors_before, ticks);
  return Step::kGoOn;
}

// A command that has to wait is skipped when it is executed, and one whose reply comes later keeps
// kSkipsReply until then (Resume).
Step TakeStepsMuted(const CommandTable& table, Call& call, uint64_t& ticks) {
  Session& session = call.session;
  const bool skips = session.has(kSkipNextReply);
  session.set(kSkipNextReply, false);
  session.set(kSkipsReply, skips);
  MutedReply muted(call.reply, session);
  Call with_muted = call.With(muted);
  const Step step = TakeSteps(table, with_muted, /*in_mode=*/true, ticks);
  if (step == Step::kWait) session.set(kSkipNextReply, skips);
  if (step == Step::kWait || !session.waits) session.set(kSkipsReply, false);
  return step;
}

Step Perform(const CommandTable& table, Call& call, uint64_t& ticks) {
  const bool in_mode = (call.session.modes | call.server.modes.Get()) != 0;
  if (in_mode && IsMuted(call.session)) [[unlikely]] {
    return TakeStepsMuted(table, call, ticks);
  }
  return TakeSteps(table, call, in_mode, ticks);
}

// Up to kWindow commands of a batch, looked up and hashed. The key of a command with one key, which
// most commands are, has its place; those of others lie behind one another.
class Window {
 public:
  void Prepare(const CommandTable& table, const store::Store& store, const CommandBatch& batch,
               size_t begin, size_t count) {
    count_ = count;
    more_.clear();
    const Command* last = nullptr;
    std::string_view last_name;
    for (size_t i = 0; i < count; ++i) {
      const Argv argv = batch[begin + i];
      if (!argv.empty()) {
        last = Lookup(table, argv, last, last_name);
        last_name = argv[0];
      }
      commands_[i] = argv.empty() ? nullptr : last;
      if (TakesOneKey(commands_[i], argv)) [[likely]] {
        std::construct_at(&one_.keys[i], store.MakeKey(argv[1]));
        more_ends_[i] = kOne;
      } else {
        more_begins_[i] = more_.size();
        CollectKeys(store, commands_[i], argv, more_);
        more_ends_[i] = more_.size();
      }
    }
  }

  void Prefetch(const store::Store& store, int database) const {
    if (count_ + more_.size() < 2) return;
    ForEachKey([&](const store::Key& key) { store.PrefetchBucket(database, key.hash); });
    ForEachKey([&](const store::Key& key) { store.PrefetchEntry(database, key.hash); });
  }

  const Command* command(size_t i) const { return commands_[i]; }
  std::span<const store::Key> keys(size_t i) const {
    if (more_ends_[i] == kOne) [[likely]]
      return {&one_.keys[i], 1};
    return std::span<const store::Key>(more_).subspan(more_begins_[i],
                                                      more_ends_[i] - more_begins_[i]);
  }

 private:
  static constexpr size_t kOne = SIZE_MAX;
  // Not initialised: a batch of one command would pay for all places.
  union OneKeys {
    OneKeys() {}
    store::Key keys[kWindow];
  };
  static_assert(std::is_trivially_destructible_v<store::Key>);

  static bool TakesOneKey(const Command* command, Argv argv) {
    if (command == nullptr) [[unlikely]]
      return false;
    const CommandSpec& spec = *command->spec;
    return spec.keys.first == 1 && spec.keys.last == 1 && spec.more_keys.first == 0 &&
           ArityHolds(spec, argv.size());
  }

  template <typename Visit>
  void ForEachKey(Visit visit) const {
    for (size_t i = 0; i < count_; ++i) {
      if (more_ends_[i] == kOne) visit(one_.keys[i]);
    }
    for (size_t i = 0; i < std::min(more_.size(), kMaxPrefetch); ++i) visit(more_[i]);
  }

  size_t count_ = 0;
  std::array<const Command*, kWindow> commands_;
  OneKeys one_;
  std::array<size_t, kWindow> more_begins_;  // the command's keys in more_
  std::array<size_t, kWindow> more_ends_;    // or kOne
  Keys more_;
};

}  // namespace

bool Refuse(Call& call, const Error& error) {
  metrics::WorkerCounters& counters = *call.session.counters;
  counters.errors[static_cast<size_t>(ErrorWordOf(error.text))].Add();
  if (call.command != nullptr) counters.commands[call.command->index].rejected.Add();
  call.server.trace.NoteRefused(call, error);
  call.reply.Error(RefuseInTransaction(call, error));
  return false;
}

void AppendKeys(const store::Store& store, const CommandSpec& spec, Argv argv, Keys& keys) {
  if (spec.keys.first == 1 && spec.keys.last == 1) [[likely]] {
    keys.push_back(store.MakeKey(argv[1]));
  } else {
    AppendRun(store, spec.keys, argv, keys);
  }
  if (spec.more_keys.first != 0) AppendRun(store, spec.more_keys, argv, keys);
}

void LockKeys(const Call& call, store::ShardLocks& locks) {
  if ((call.command->spec->flags & kAllShards) != 0) [[unlikely]] {
    locks.LockAll();
  } else if (call.keys.size() == 1) [[likely]] {
    locks.Lock(call.keys[0]);
  } else if (!call.keys.empty()) {
    locks.Lock(call.keys);
  }
}

void CountGrowth(const Call& call, store::ShardLocks& released) {
  const int64_t growth = released.TakeGrowth();
  if (growth != 0) call.session.counters->data_growth.Add(static_cast<uint64_t>(growth));
}

std::shared_ptr<void> RunHandler(Call& call, store::ShardLocks& locks) {
  call.access.counts = UsesKeys(call);
  CommandContext context{.args = call.argv,
                         .reply = call.reply,
                         .session = call.session,
                         .server = call.server,
                         .spec = *call.command->spec,
                         .db = store::Database(*call.server.store, locks, call.session.database,
                                               call.now_ms, call.session.id, &call.access),
                         .locks = locks,
                         .keys = call.keys,
                         .now_ms = call.now_ms};
  if (call.server.modes.Has(kPaused) && IsPaused(call.server, call.now_ms)) [[unlikely]]
    context.db.KeepExpired();
  call.command->spec->handler(context);
  return std::move(context.garbage);
}

void Record(const Call& call, uint64_t errors_before, uint64_t& ticks) {
  metrics::WorkerCounters& counters = *call.session.counters;
  const uint64_t now = CycleClock::Now();
  const uint64_t taken = now - ticks;
  const bool failed = call.reply.errors() != errors_before;
  counters.RecordCommand(call.command->index, taken, failed);
  if (failed) counters.errors[static_cast<size_t>(call.reply.last_error_word())].Add();
  ticks = now;
  if (call.server.trace.Wants(taken)) [[unlikely]] {
    call.server.trace.Note(call, taken, failed);
    ticks = CycleClock::Now();
  }
}

namespace {

void CountByDoor(const Session& session, size_t commands) {
  metrics::WorkerCounters& counters = *session.counters;
  (session.door == Door::kResp ? counters.resp_commands : counters.grpc_commands).Add(commands);
}

}  // namespace

Dispatcher::Dispatcher(ServerContext& server) : server_(server), table_(CommandTable::Get()) {}

void Dispatcher::Execute(Session& session, Argv argv, ReplyWriter& reply) {
  if (argv.empty()) return;
  uint64_t ticks = CycleClock::Now();
  const int64_t now_ms = server_.clock->WallMs();
  session.last_command_ms = now_ms;
  const Command* command = Lookup(table_, argv);
  Keys keys;
  CollectKeys(*server_.store, command, argv, keys);
  AccessClock access = ClockOf(server_, session, now_ms);
  Call call{server_, session, argv, reply, command, keys, now_ms, access};
  Perform(table_, call, ticks);
  CountByDoor(session, 1);
  server_.tracking->TellPrefixes();
}

bool Dispatcher::Resume(Session& session, ReplyWriter& reply) {
  MutedReply muted(reply, session);
  ReplyWriter& to = IsMuted(session) ? muted : reply;
  const bool over = EndWait(server_, session, server_.clock->WallMs(), to);
  if (over) session.set(kSkipsReply, false);
  return over;
}

BatchResult Dispatcher::ExecuteBatch(Session& session, const CommandBatch& batch, size_t begin,
                                     ReplyWriter& reply, FullCheck full, void* context) {
  const BatchResult result = ExecuteWindows(session, batch, begin, reply, full, context);
  CountByDoor(session, result.executed);
  server_.tracking->TellPrefixes();
  return result;
}

uint64_t Dispatcher::PrefetchBucket(std::string_view key) const {
  const uint64_t hash = server_.store->MakeKey(key).hash;
  server_.store->PrefetchBucket(/*database=*/0, hash);
  return hash;
}

void Dispatcher::PrefetchEntry(uint64_t hash) const {
  server_.store->PrefetchEntry(/*database=*/0, hash);
}

BatchResult Dispatcher::ExecuteWindows(Session& session, const CommandBatch& batch, size_t begin,
                                       ReplyWriter& reply, FullCheck full, void* context) {
  uint64_t ticks = CycleClock::Now();
  BatchTime time(server_, session, ticks);
  session.last_command_ms = time.now_ms();
  session.counters->batches.Add();

  Window window;
  BatchResult result;
  size_t count = 0;
  for (size_t start = begin; start < batch.size(); start += count) {
    // Windows of about one size: the keys of a short last one would be waited for.
    const size_t left = batch.size() - start;
    count = left / ((left + kWindow - 1) / kWindow);
    window.Prepare(table_, *server_.store, batch, start, count);
    window.Prefetch(*server_.store, session.database);
    for (size_t i = 0; i < count; ++i) {
      ++result.executed;
      const Argv argv = batch[start + i];
      if (argv.empty()) continue;
      time.Advance(ticks);
      Call call{server_,           session,        argv,          reply,
                window.command(i), window.keys(i), time.now_ms(), time.access()};
      const Step step = Perform(table_, call, ticks);
      if (step == Step::kWait) [[unlikely]] {
        --result.executed;
        result.state = BatchState::kWait;
        return result;
      }
      if (session.close_after_reply || session.waits) [[unlikely]] {
        result.state = session.waits ? BatchState::kWait : BatchState::kClose;
        return result;
      }
      if (full != nullptr && full(context)) [[unlikely]] {
        result.state = BatchState::kOutputFull;
        return result;
      }
    }
  }
  return result;
}

}  // namespace duet::commands
