#include "server/resp/connection.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/runtime/worker.h"

namespace duet::resp {
namespace {

// Replies are sent when so many bytes have gathered, though the batch goes on.
constexpr size_t kFlushBytes = 64 * 1024;
// Commands parsed before the first of them is executed: enough to overlap their cache misses.
constexpr size_t kBatchCommands = 512;
// Reads into partial_ ask for at least this much, and for at most kMaxReadBytes at a time, so that
// a client gets memory for what it has sent, not for what it has announced.
constexpr size_t kMinReadBytes = 16 * 1024;
constexpr size_t kMaxReadBytes = 4 * 1024 * 1024;

bool OutputIsFull(void* output) {
  return static_cast<OutputBuffer*>(output)->size() >= kFlushBytes;
}

}  // namespace

Connection::Connection(ConnectionServices& services, std::unique_ptr<runtime::Stream> stream,
                       commands::ClientRegistry::Place place)
    : services_(services),
      stream_(std::move(stream)),
      place_(std::move(place)),
      session_(commands::Door::kResp, services.clients.NextId(), nullptr),
      parser_(services.limits) {
  session_.authenticated = services_.dispatcher.server().password.empty();
  session_.peer_address = stream_->PeerAddress();
  session_.local_address = stream_->LocalAddress();
  session_.fd = stream_->fd();
  session_.created_ms = services_.clock.WallMs();
  session_.last_command_ms = session_.created_ms;
}

Connection::~Connection() = default;

runtime::Task<> Connection::Run() {
  JoinWorker();
  Next next = Next::kRead;
  while (next != Next::kClose) {
    if (next == Next::kFlush) {
      const bool sent = co_await FlushUnsent();
      if (!sent) break;
      input_ = partial_.view();
    } else {
      if (runtime::Worker* const target = stream_->ShouldMove(); target != nullptr) {
        LeaveWorker();
        co_await stream_->MoveTo(*target);
        JoinWorker();
      }
      const bool more = co_await ReadMore();
      if (!more) break;
    }
    next = ExecuteInput();
  }
  state().counters->connections_closed.Add();
  LeaveWorker();
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
  if (services_.draining.load(std::memory_order_relaxed)) Drain();
}

void Connection::LeaveWorker() {
  (previous_ != nullptr ? previous_->next_ : worker_->connections) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  next_ = previous_ = nullptr;
}

void Connection::CountRead(size_t bytes) {
  session_.bytes_in += bytes;
  state().counters->resp_bytes_in.Add(bytes);
}

// Sets input_ to what there is to execute. False: the client is gone, or the drain is done.
runtime::Task<bool> Connection::ReadMore() {
  if (draining_) co_return ReadLast();
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
  co_return status == runtime::IoStatus::kOk;
}

// A connection that drains still executes what has arrived by now.
bool Connection::ReadLast() {
  const runtime::IoResult read = stream_->TryRead(partial_.Tail(kMinReadBytes));
  if (!read.ok() || read.bytes == 0) return false;
  partial_.Commit(read.bytes);
  CountRead(read.bytes);
  input_ = partial_.view();
  return true;
}

runtime::Task<bool> Connection::FlushUnsent() {
  const runtime::IoResult written = co_await stream_->WriteAll(unsent_);
  session_.bytes_out += written.bytes;
  state().counters->resp_bytes_out.Add(written.bytes);
  std::string().swap(unsent_);
  co_return written.status == runtime::IoStatus::kOk && !session_.close_after_reply;
}

// Parses and executes input_ as far as it goes and sends the replies as far as the socket takes
// them.
Connection::Next Connection::ExecuteInput() {
  RespWriter writer(state().output, &session_.protocol);
  while (!input_.empty()) {
    CommandBatch& batch = state().batch;
    batch.Clear();
    parser_.set_authenticated(session_.authenticated);
    // Before AUTH one at a time: the limits of the next command depend on it.
    const ParseResult parsed =
        parser_.Parse(input_, batch, session_.authenticated ? kBatchCommands : 1);
    need_bytes_ = parsed.need_bytes;
    Next next = Next::kRead;
    if (!ExecuteBatch(writer, parsed.consumed, &next)) return next;
    input_.remove_prefix(parsed.consumed);
    if (parsed.status == ParseStatus::kProtocolError) {
      state().counters->protocol_errors.Add();
      writer.Error(Error{ErrorCode::kProtocol, parser_.error()});
      return Finish();
    }
    if (parsed.status == ParseStatus::kNeedMore) break;
  }
  partial_.Keep(input_);
  session_.query_buffer_bytes = partial_.size();
  return SendOutput();
}

// False: the rest of the input has to wait, or the connection ends; *next says which.
bool Connection::ExecuteBatch(RespWriter& writer, size_t parsed_bytes, Next* next) {
  WorkerState& worker = state();
  size_t executed = 0;
  while (executed < worker.batch.size()) {
    const commands::BatchResult result = services_.dispatcher.ExecuteBatch(
        session_, worker.batch, executed, writer, &OutputIsFull, &worker.output);
    executed += result.executed;
    if (result.state == commands::BatchState::kClose || OutputOverLimit()) {
      *next = Finish();
      return false;
    }
    if (worker.output.size() < kFlushBytes) continue;
    *next = SendOutput();
    if (*next == Next::kRead) continue;
    KeepUnexecuted(executed, parsed_bytes);
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
    again.set_authenticated(session_.authenticated);
    CommandBatch before;
    input_.remove_prefix(again.Parse(input_, before, executed).consumed);
    parser_.Reset();
  }
  partial_.Keep(input_);
  session_.query_buffer_bytes = partial_.size();
}

bool Connection::OutputOverLimit() const {
  const uint64_t limit = session_.authenticated ? services_.limits.max_output_bytes
                                                : services_.limits.max_output_bytes_unauthenticated;
  if (state().output.size() <= limit) return false;
  state().counters->output_limited.Add();
  return true;
}

// Sends the hot output buffer; what the socket does not take goes to unsent_.
Connection::Next Connection::SendOutput() {
  OutputBuffer& output = state().output;
  if (output.size() == 0) return Next::kRead;
  const runtime::IoResult written = stream_->TryWrite(output.view());
  session_.bytes_out += written.bytes;
  state().counters->resp_bytes_out.Add(written.bytes);
  const bool all = written.bytes == output.size();
  const bool failed = written.status != runtime::IoStatus::kOk;
  if (!all && !failed) unsent_ = output.view().substr(written.bytes);
  output.Clear();
  if (failed) return Next::kClose;
  return all ? Next::kRead : Next::kFlush;
}

// The last replies, and then the end.
Connection::Next Connection::Finish() {
  session_.close_after_reply = true;
  partial_.Keep({});
  return SendOutput() == Next::kFlush ? Next::kFlush : Next::kClose;
}

}  // namespace duet::resp
