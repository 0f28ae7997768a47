#include "server/grpc/pipeline.h"

#include <algorithm>
#include <optional>
#include <string>

#include "grpcpp/server_context.h"
#include "grpcpp/support/async_stream.h"
#include "grpcpp/support/byte_buffer.h"

#include "server/api/argv.h"
#include "server/base/clock.h"
#include "server/commands/session.h"
#include "server/grpc/call_span.h"
#include "server/grpc/pipeline_request.h"
#include "server/grpc/pipeline_response.h"
#include "server/grpc/step.h"
#include "server/runtime/task.h"

namespace duet::rpc {
namespace {

using ::grpc::Status;
using Stream = ::grpc::ServerAsyncReaderWriter<::grpc::ByteBuffer, ::grpc::ByteBuffer>;

constexpr size_t kResponseEndBytes = 2;  // what PipelineResponseWriter::Finish may add

// A stream's messages, kept from batch to batch, and its place in the batch.
class PipelineCall final : private commands::Session::Peer {
 public:
  explicit PipelineCall(CallHost& host) : host_(host), stream_(&context_) {}

  ::grpc::ServerContext& context() { return context_; }
  void Ask(KeyValueAsyncService& service, void* tag) {
    service.RequestPipeline(&context_, &stream_, &host_.queue, &host_.queue, tag);
  }
  void Read(void* tag) { stream_.Read(&message_, tag); }
  void Write(void* tag) { stream_.Write(message_, tag); }
  void Finish(const Status& status, void* tag) { stream_.Finish(status, tag); }

  // The stream has come. Not OK: it must not be served.
  Status Begin();
  // Takes the request that was read. Not OK: it breaks a rule.
  Status BeginBatch();
  // Executes commands until the response is full or the batch done; false: nothing is left.
  bool FillResponse();
  void End(::grpc::StatusCode code) {
    meter_.Ended(host_.Counters(), code);
    span_.End(code);
  }

 private:
  std::string Address() const override { return PeerAddress(context_); }

  CallHost& host_;
  std::optional<commands::Session> session_;  // once the stream has come: a client has an id
  CallMeter meter_{Method::kPipeline};
  CallSpan span_{host_, Method::kPipeline};  // of the batch
  ::grpc::ServerContext context_;
  Stream stream_;
  ::grpc::ByteBuffer message_;  // the request that was read, then the response
  PipelineRequestReader request_;
  PipelineResponseWriter response_;
  size_t next_ = 0;  // command of the batch
  const size_t response_bytes_ =
      std::min<size_t>(kResponseBytes, host_.limits.grpc_max_message_bytes / 2);
};

Status PipelineCall::Begin() {
  metrics::WorkerCounters& counters = host_.Counters();
  meter_.Started(counters);
  Status status = Admit(host_, context_);
  if (!status.ok()) return status;
  session_.emplace(commands::Door::kGrpcUnary, host_.NextSessionId(), &counters);
  session_->protocol = 3;
  session_->peer = this;
  return status;
}

Status PipelineCall::BeginBatch() {
  metrics::WorkerCounters& counters = host_.Counters();
  CallMeter::Received(meter_.rpc(counters), counters, message_.Length());
  next_ = 0;
  span_.Begin(context_, *session_);
  Status status = request_.Read(message_, host_.limits);
  BindingContext binding = host_.Bind(*session_);
  if (status.ok()) status = binding.UseDatabase(request_.database());
  if (status.ok() && DeadlinePassed(context_)) {
    status = {::grpc::StatusCode::DEADLINE_EXCEEDED, "the deadline passed"};
  }
  if (status.ok()) span_.SetBatchSize(request_.commands().size());
  return status;
}

bool PipelineCall::FillResponse() {
  const CommandBatch& batch = request_.commands();
  if (next_ == batch.size()) {
    span_.End(::grpc::StatusCode::OK);
    return false;
  }
  metrics::WorkerCounters& counters = host_.Counters();
  session_->counters = &counters;
  response_.Start(request_.id(), host_.limits.grpc_max_message_bytes - kResponseEndBytes);
  const auto full = [](void* call) {
    const auto& self = *static_cast<const PipelineCall*>(call);
    return self.response_.bytes() >= self.response_bytes_ || self.response_.overflowed();
  };
  const commands::BatchResult result =
      host_.dispatcher.ExecuteBatch(*session_, batch, next_, response_, full, this);
  next_ += result.executed;
  // The replies before filled less than half of it.
  if (response_.overflowed()) {
    response_.ReplaceLast(
        MakeError(ErrorCode::kLimit, "ERR the reply is larger than a message may be"));
  }
  if (result.state == commands::BatchState::kClose) next_ = batch.size();
  response_.Finish(next_ != batch.size());
  response_.CopyTo(&message_);
  meter_.rpc(counters).sent.Add();
  counters.grpc_bytes_out.Add(message_.Length());
  return true;
}

// Serves the stream up to its end; gives the status to end it with. `call` outlives the task.
runtime::Task<Status> Converse(PipelineCall& call, IdleStreams& idle, Step& step) {
  Status status;
  while (status.ok()) {
    if (!idle.Enter(&call.context())) co_return Draining();
    const bool read = co_await step.On([&call](void* tag) { call.Read(tag); });
    if (!idle.Leave(&call.context())) co_return Draining();
    if (!read) co_return Status();
    status = call.BeginBatch();
    if (!status.ok()) break;
    while (call.FillResponse()) {
      const bool written = co_await step.On([&call](void* tag) { call.Write(tag); });
      if (!written) co_return Status(::grpc::StatusCode::CANCELLED, "the client has gone");
    }
  }
  co_return status;
}

// The same, for a stream that has yet to be let in. All parameters outlive the task.
runtime::Task<Status> Serve(PipelineCall& call, StreamLimit& streams, IdleStreams& idle,
                            Step& step) {
  Status status = call.Begin();
  if (status.ok()) status = streams.Enter();
  if (!status.ok()) {
    Refuse(call.context(), status);
    co_return status;
  }
  status = co_await Converse(call, idle, step);
  streams.Leave();
  co_return status;
}

// A slot: serves one stream after the other. It ends when the server shuts down, or when more slots
// wait than are needed.
runtime::Task<> ServePipeline(CallHost& host, KeyValueAsyncService& service, CallSlots& slots,
                              StreamLimit& streams, IdleStreams& idle) {
  Step step;
  do {
    PipelineCall call(host);
    const bool came = co_await step.On([&](void* tag) { call.Ask(service, tag); });
    if (!came) break;
    if (slots.CallCame()) OpenPipelineSlot(host, service, slots, streams, idle);
    const Status status = co_await Serve(call, streams, idle, step);
    call.End(status.error_code());
    co_await step.On([&](void* tag) { call.Finish(status, tag); });
  } while (slots.CallEnded());
}

}  // namespace

void OpenPipelineSlot(CallHost& host, KeyValueAsyncService& service, CallSlots& slots,
                      StreamLimit& streams, IdleStreams& idle) {
  slots.Opened();
  host.Spawn(ServePipeline(host, service, slots, streams, idle));
}

}  // namespace duet::rpc
