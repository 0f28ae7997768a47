#include "server/resp/connection.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "server/base/check.h"
#include "server/runtime/switch.h"
#include "server/runtime/worker.h"

namespace duet::resp {
namespace {

// Replies are sent when so many bytes have gathered, though the batch goes on.
constexpr size_t kFlushBytes = 64 * 1024;
// What a blocked client is sent between two notes of how much is left for it.
constexpr size_t kFlushStepBytes = 256 * 1024;
// Commands parsed before the first of them is executed: enough to overlap their cache misses.
constexpr size_t kBatchCommands = 512;
// Reads into partial_ ask for at least this much, and for at most kMaxReadBytes at a time, so that
// a client gets memory for what it has sent, not for what it has announced.
constexpr size_t kMinReadBytes = 16 * 1024;
constexpr size_t kMaxReadBytes = 4 * 1024 * 1024;
// A wait may be longer than nanoseconds count; its timer is started again then.
constexpr int64_t kMaxTimerMs = 3'600'000;

// What ExecuteBatch is asked after each command.
struct BatchOutput {
  const OutputBuffer& replies;
  const pubsub::Mailbox& mail;
};

bool HasToStop(void* batch_output) {
  const auto& output = *static_cast<const BatchOutput*>(batch_output);
  return output.replies.size() >= kFlushBytes || output.replies.overflowed() ||
         output.mail.pending();
}

}  // namespace

uint64_t KeyPreview::Look(std::string_view input) {
  const std::string_view key = PeekFirstArgument(input);
  return key.empty() || key.size() > kMaxKeyBytes ? 0 : dispatcher_.PrefetchBucket(key);
}

Connection::Connection(ConnectionServices& services, std::unique_ptr<runtime::Stream> stream,
                       commands::ClientRegistry::Place place)
    : services_(services),
      stream_(std::move(stream)),
      parser_(services.limits),
      session_(commands::Door::kResp, services.clients.NextId(), nullptr),
      place_(std::move(place)) {
  session_.authenticated = !services_.dispatcher.server().password.required();
  session_.peer_address = stream_->PeerAddress();
  session_.local_address = stream_->LocalAddress();
  session_.fd = stream_->fd();
  session_.created_ms = services_.clock.WallMs();
  session_.last_command_ms = session_.created_ms;
  session_.mailbox = std::make_shared<pubsub::Mailbox>(bell_);
  session_.carrier = this;
  const auto bytes = [](const void* begin, const void* end) {
    return std::span(static_cast<const char*>(begin), static_cast<const char*>(end));
  };
  const pubsub::Mailbox* const mailbox = session_.mailbox.get();
  stream_->SetReaderMemory({bytes(this, &session_.last_command + 1), bytes(mailbox, mailbox + 1)});
  stream_->SetPreview(&services_.preview);
  entry_.emplace(services_.clients, session_);
}

Connection::~Connection() = default;

runtime::Task<> Connection::Run() {
  JoinWorker();
  LogEvent(LogLevel::kDebug, "connected");
  Next next = Next::kRead;
  while (next != Next::kClose) {
    if (next == Next::kFlush) {
      const bool sent = co_await FlushUnsent();
      if (!sent) break;
      input_ = partial_.view();
      next = HandleInput(Input::kSome);
      continue;
    }
    // One that drains stays where CutOff() looks for it, and one that waits where its timer is.
    const bool stays = draining_ || session_.waits;
    runtime::Worker* const target = stays ? nullptr : stream_->ShouldMove();
    if (target != nullptr) {
      LeaveWorker();
      co_await stream_->MoveTo(*target);
      JoinWorker();
      if (!unsent_.empty()) {
        next = Next::kFlush;
        continue;
      }
    }
    const Input input = co_await ReadMore();
    next = HandleInput(input);
  }
  if (session_.mailbox->overflowed()) NoteOutputLimit("it does not read its replies");
  NoteTlsFailure();
  LogEvent(LogLevel::kDebug, "closed");
  state().counters->connections_closed.Add();
  LeaveWorker();
}

Connection::Next Connection::HandleInput(Input input) {
  if (input == Input::kEnd || session_.mailbox->closed()) return Next::kClose;
  if (input == Input::kInterrupted && !unsent_.empty()) return Next::kFlush;
  if (session_.waits) return GoOnWaiting(input);
  if (input == Input::kSome) return ExecuteInput();
  TakeMail();
  return SendOutput();
}

// Mail wakes a connection that reads. One that writes, or executes, looks for mail when it is done.
void Connection::OnRing() {
  if (session_.mailbox->closed()) return CutOff();
  stream_->InterruptRead();
}

// The session's next command has to wait, or its last one has no reply yet. What the client sends
// meanwhile is kept, and mail is delivered.
Connection::Next Connection::GoOnWaiting(Input input) {
  if (input == Input::kSome) partial_.Keep(input_);
  if (partial_.size() > InputLimitBytes()) return Next::kClose;
  TakeMail();
  state().output.set_limit(OutputLimitBytes());  // it was another connection's before
  RespWriter writer(state().output, &session_.protocol);
  if (!services_.dispatcher.Resume(session_, writer)) {
    StartWaitTimer();
    return SendOutput();
  }
  wait_timer_.reset();
  input_ = partial_.view();
  return ExecuteInput();
}

void Connection::StartWaitTimer() {
  const int64_t until_ms = session_.wait->until_ms;
  if (until_ms == commands::Wait::kNoEnd) return;
  const int64_t left_ms = std::clamp<int64_t>(until_ms - services_.clock.WallMs(), 1, kMaxTimerMs);
  wait_timer_.emplace(stream_->worker(), [this] { stream_->InterruptRead(); });
  wait_timer_->Start(std::chrono::milliseconds(left_ms));
}

// Others' messages go behind the replies that are written by now. What is too much for one send
// stays where all receivers share it; its turn comes with the worker's next loop.
void Connection::TakeMail() {
  pubsub::Mailbox& mailbox = *session_.mailbox;
  if (!mailbox.pending() || mailbox.closed()) return;
  WriteMail(kFlushBytes);
  if (mailbox.pending()) mailbox.Wake();
}

void Connection::DeliverMail() {
  if (session_.mailbox->pending()) WriteMail(std::numeric_limits<size_t>::max());
}

void Connection::WriteMail(size_t max_bytes) {
  OutputBuffer& output = state().output;
  output.set_limit(OutputLimitBytes());
  for (const pubsub::Message& message : session_.mailbox->Take(max_bytes)) {
    // Others may have sent it before the client went back from RESP3: it listens to nothing else.
    if (session_.protocol < 3 && message->front() == '>' && !pubsub::IsFromChannel(*message)) {
      continue;
    }
    char* const at = output.Reserve(message->size());
    std::memcpy(at, message->data(), message->size());
    if (*at == '>' && session_.protocol < 3) *at = '*';
    output.Commit(message->size());
  }
}

void Connection::Drain() {
  draining_ = true;
  stream_->CancelReads();
}

void Connection::CutOff() { stream_->Cancel(); }

void Connection::JoinWorker() {
  worker_ = services_.workers[static_cast<size_t>(stream_->worker().index())].get();
  session_.counters = worker_->counters;
  previous_ = nullptr;
  next_ = worker_->connections;
  if (next_ != nullptr) next_->previous_ = this;
  worker_->connections = this;
  bell_->Attach(stream_->worker(), *this);
  if (services_.draining.load(std::memory_order_relaxed)) Drain();
}

void Connection::LeaveWorker() {
  DUET_DCHECK(state().output.empty(), "replies of a client that leaves");
  if (staged_) state().outbox.SendNow(*this);
  bell_->Detach();
  (previous_ != nullptr ? previous_->next_ : worker_->connections) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  next_ = previous_ = nullptr;
}

void Connection::CountRead(size_t bytes) {
  session_.bytes_in += bytes;
  state().counters->resp_bytes_in.Add(bytes);
  state().counters->resp_reads.Add();
}

void Connection::CountWrite(size_t bytes) {
  session_.bytes_out += bytes;
  state().counters->resp_bytes_out.Add(bytes);
  state().counters->resp_writes.Add();
}

// Sets input_ to what there is to execute.
runtime::Task<Connection::Input> Connection::ReadMore() {
  if (draining_) {
    // The others' turn: a client that goes on sending is never out of input.
    co_await runtime::SwitchTo(stream_->worker());
    co_return ReadLast();
  }
  runtime::IoStatus status;
  if (partial_.empty()) {
    const runtime::ReadView read = co_await stream_->ReadSome();
    CountRead(read.data.size());
    input_ = read.data;
    status = read.status;
  } else {
    const size_t room =
        std::clamp(std::min(need_bytes_, partial_.size()), kMinReadBytes, kMaxReadBytes);
    const std::span<char> into = partial_.Tail(room);
    const runtime::IoResult read = co_await stream_->ReadSome(into);
    CountRead(read.bytes);
    partial_.Commit(read.bytes);
    input_ = partial_.view();
    status = read.status;
    session_.last_command_ms = services_.clock.WallMs();  // it may not be a whole command yet
  }
  if (status == runtime::IoStatus::kCancelled) co_return ReadLast();
  if (status == runtime::IoStatus::kInterrupted) co_return Input::kInterrupted;
  co_return status == runtime::IoStatus::kOk ? Input::kSome : Input::kEnd;
}

void Connection::NoteTlsFailure() {
  if (stream_->tls_failure().empty()) return;
  state().counters->tls_failures.Add();
  LogEvent(LogLevel::kWarning, "closes a connection: TLS failed", stream_->tls_failure());
}

// A connection that drains still executes what has arrived by now.
Connection::Input Connection::ReadLast() {
  if (staged_) state().outbox.SendNow(*this);
  if (!unsent_.empty()) return Input::kInterrupted;
  if (session_.waits) return Input::kEnd;
  const runtime::IoResult read = stream_->TryRead(partial_.Tail(kMinReadBytes));
  if (!read.ok() || read.bytes == 0) return Input::kEnd;
  partial_.Commit(read.bytes);
  CountRead(read.bytes);
  input_ = partial_.view();
  return Input::kSome;
}

runtime::Task<bool> Connection::FlushUnsent() {
  std::string_view rest = unsent_;
  bool sent = true;
  while (sent && !rest.empty()) {
    const runtime::IoResult written = co_await stream_->WriteAll(rest.substr(0, kFlushStepBytes));
    CountWrite(written.bytes);
    sent = written.status == runtime::IoStatus::kOk;
    rest.remove_prefix(written.bytes);
    NoteUnsent(rest.size());
  }
  std::string().swap(unsent_);
  NoteUnsent(0);
  co_return sent && !session_.close_after_reply;
}

void Connection::NoteUnsent(size_t bytes) {
  session_.output_buffer_bytes = bytes;
  session_.mailbox->NoteUnsent(bytes);
}

// Parses and executes input_ as far as it goes and sends the replies as far as the socket takes
// them.
Connection::Next Connection::ExecuteInput() {
  RespWriter writer(state().output, &session_.protocol);
  TakeMail();  // it came before the reply to what the client asks now
  while (!input_.empty()) {
    session_.query_buffer_bytes = input_.size();
    CommandBatch& batch = state().batch;
    batch.Clear();
    const bool trusted = IsTrusted();
    if (!trusted && parser_.authenticated() && !state().output.empty()) {
      // A RESET: the replies before it have the limit of who asked for them.
      const Next sent = SendOutput();
      if (sent != Next::kRead) {
        KeepInput();
        return sent;
      }
    }
    parser_.set_authenticated(trusted);
    // Before AUTH one at a time: the limits of the next command depend on it.
    const ParseResult parsed = parser_.Parse(input_, batch, trusted ? kBatchCommands : 1);
    need_bytes_ = parsed.need_bytes;
    Next next = Next::kRead;
    if (!ExecuteBatch(writer, parsed.consumed, &next)) return next;
    input_.remove_prefix(parsed.consumed);
    if (parsed.status == ParseStatus::kProtocolError) return EndWithProtocolError(writer);
    if (parsed.status == ParseStatus::kNeedMore) break;
  }
  KeepInput();
  TakeMail();
  return SendOutputWithTurn();
}

Connection::Next Connection::EndWithProtocolError(RespWriter& writer) {
  state().counters->protocol_errors.Add();
  if (parser_.is_http()) {
    LogEvent(LogLevel::kWarning, "closes a connection: it sent HTTP, perhaps to attack",
             parser_.error());
    state().output.Clear();
    return Next::kClose;
  }
  LogEvent(LogLevel::kWarning, "closes a connection: what it sent is no RESP", parser_.error());
  state().counters->errors[static_cast<size_t>(ErrorWord::kErr)].Add();
  writer.Error(Error{ErrorCode::kProtocol, parser_.error()});
  return Finish();
}

// False: the rest of the input has to wait, or the connection ends; *next says which.
bool Connection::ExecuteBatch(RespWriter& writer, size_t parsed_bytes, Next* next) {
  WorkerState& worker = state();
  worker.output.set_limit(OutputLimitBytes());  // AUTH and SUBSCRIBE change it
  size_t executed = 0;
  BatchOutput output{worker.output, *session_.mailbox};
  while (executed < worker.batch.size()) {
    const commands::BatchResult result = services_.dispatcher.ExecuteBatch(
        session_, worker.batch, executed, writer, &HasToStop, &output);
    executed += result.executed;
    if (session_.mailbox->closed()) {
      worker.output.Clear();  // it is the worker's: the next client must not find it
      *next = Next::kClose;
      return false;
    }
    TakeMail();
    if (OutputOverLimit()) {
      *next = DropOutput();
      return false;
    }
    if (result.state == commands::BatchState::kClose) {
      *next = Finish();
      return false;
    }
    const bool waits = result.state == commands::BatchState::kWait;
    if (worker.output.size() < kFlushBytes && !waits) continue;
    *next = SendOutput();
    if (*next == Next::kRead && !waits) continue;
    KeepUnexecuted(executed, parsed_bytes);
    if (waits) StartWaitTimer();
    return false;
  }
  return true;
}

// Makes partial_ hold what follows the first `executed` commands of the batch.
void Connection::KeepUnexecuted(size_t executed, size_t parsed_bytes) {
  if (executed == state().batch.size()) {
    input_.remove_prefix(parsed_bytes);
  } else {
    // Where a command ends is not kept for each, since this is rare: parse those before again.
    RequestParser again(services_.limits);
    again.set_authenticated(parser_.authenticated());  // a RESET among them changes nothing
    CommandBatch before;
    input_.remove_prefix(again.Parse(input_, before, executed).consumed);
    parser_.Reset();
  }
  KeepInput();
}

void Connection::KeepInput() {
  partial_.Keep(input_);
  session_.query_buffer_bytes = partial_.size();
}

bool Connection::IsTrusted() const {
  return session_.authenticated || !services_.dispatcher.server().password.required();
}

// What is kept of a client whose command waits.
size_t Connection::InputLimitBytes() const {
  const Limits& limits = services_.limits;
  if (IsTrusted()) return limits.max_request_bytes;
  return size_t{limits.max_args_unauthenticated} * limits.max_bulk_bytes_unauthenticated;
}

size_t Connection::OutputLimitBytes() const {
  // After a RESET those of its batch, which was parsed before, still wait here.
  const bool trusted = parser_.authenticated() || IsTrusted();
  if (!trusted) return services_.limits.max_output_bytes_unauthenticated;
  const auto of = session_.has(commands::kSubscribed) ? commands::ClientClass::kPubsub
                                                      : commands::ClientClass::kNormal;
  const uint64_t limit = services_.dispatcher.server().output_limits.Get(of).hard_bytes;
  return limit == 0 ? SIZE_MAX : limit;
}

bool Connection::OutputOverLimit() const {
  const OutputBuffer& output = state().output;
  return output.overflowed() || output.size() > OutputLimitBytes();
}

// Nothing of it was sent, and nothing will be.
Connection::Next Connection::DropOutput() {
  state().output.Clear();
  NoteOutputLimit("its replies are longer than allowed");
  return Next::kClose;
}

void Connection::NoteOutputLimit(std::string_view what) {
  state().counters->output_limited.Add();
  std::string message = "closes a connection: ";
  message.append(what);
  LogEvent(LogLevel::kWarning, message, "client-output-buffer-limit");
}

void Connection::LogEvent(LogLevel level, std::string_view message, std::string_view reason) {
  Logger& log = *services_.dispatcher.server().log;
  if (!log.enabled(LogTarget::kResp, level)) return;
  const std::string user = session_.user.Get();
  const LogField fields[] = {{"connection", session_.id},
                             {"peer", session_.peer_address},
                             {"user", user},
                             {"reason", reason}};
  log.Log(level, LogTarget::kResp, message, LogFields(fields).first(reason.empty() ? 3 : 4));
}

// Sends the hot output buffer; what the socket does not take goes to unsent_.
Connection::Next Connection::SendOutput() {
  OutputBuffer& output = state().output;
  if (output.overflowed()) return DropOutput();
  if (staged_) state().outbox.SendNow(*this);
  const runtime::IoResult written = Send(output.view());
  output.Clear();
  if (!written.ok()) return Next::kClose;
  return unsent_.empty() ? Next::kRead : Next::kFlush;
}

// Sends the hot output buffer, or leaves it to the outbox.
Connection::Next Connection::SendOutputWithTurn() {
  OutputBuffer& output = state().output;
  if (staged_ || draining_ || output.empty() || output.overflowed() ||
      !state().outbox.Stage(*this, output.view())) {
    return SendOutput();
  }
  staged_ = true;
  output.Clear();
  return Next::kRead;
}

// Nobody waits for the outcome: the connection reads. It is interrupted where there is one to act
// on.
void Connection::SendStaged(std::string_view replies) {
  staged_ = false;
  const runtime::IoResult written = Send(replies);
  if (!written.ok()) {
    CutOff();
  } else if (!unsent_.empty()) {
    stream_->InterruptRead();
  }
}

runtime::IoResult Connection::Send(std::string_view replies) {
  runtime::IoResult written;
  if (unsent_.empty() && !replies.empty()) {
    written = stream_->TryWrite(replies);
    CountWrite(written.bytes);
  }
  if (!written.ok()) return written;
  if (written.bytes < replies.size()) {
    unsent_.append(replies.substr(written.bytes));
    NoteUnsent(unsent_.size());
  }
  return written;
}

// The last replies, and then the end.
Connection::Next Connection::Finish() {
  session_.close_after_reply = true;
  partial_.Keep({});
  return SendOutput() == Next::kFlush ? Next::kFlush : Next::kClose;
}

}  // namespace duet::resp
