#include "server/grpc/pipeline.h"

#include <algorithm>
#include <grpc/grpc.h>
#include <optional>
#include <string>

#include "grpcpp/support/async_stream.h"

#include "server/api/argv.h"
#include "server/base/clock.h"
#include "server/commands/session.h"
#include "server/grpc/reply_builder.h"
#include "server/grpc/status.h"
#include "server/grpc/step.h"
#include "server/grpc/validation.h"

namespace duet::rpc {
namespace {

using ::grpc::Status;
using Service = v1::KeyValueService::AsyncService;
using Stream = ::grpc::ServerAsyncReaderWriter<v1::PipelineResponse, v1::PipelineRequest>;

constexpr char kDrainingText[] = "the server is shutting down";

Status Draining() { return {::grpc::StatusCode::UNAVAILABLE, kDrainingText}; }

// A stream's messages, kept from batch to batch, and its place in the batch.
class PipelineCall {
 public:
  explicit PipelineCall(CallHost& host)
      : host_(host),
        session_(commands::Door::kGrpcUnary, host.NextSessionId(), &host.Counters()),
        stream_(&context_) {
    session_.protocol = 3;
  }

  ::grpc::ServerContext& context() { return context_; }
  void Ask(Service& service, void* tag) {
    service.RequestPipeline(&context_, &stream_, &host_.queue, &host_.queue, tag);
  }
  void Read(void* tag) { stream_.Read(&request_, tag); }
  void Write(void* tag) { stream_.Write(response_, tag); }
  void Finish(const Status& status, void* tag) { stream_.Finish(status, tag); }

  Status Begin();
  // Takes the request that was read. Not OK: it breaks a rule.
  Status BeginBatch();
  // Executes commands until the response is full or the batch done; false: nothing is left.
  bool FillResponse();
  void End(::grpc::StatusCode code) { meter_.Ended(host_.Counters(), code); }

 private:
  Status CheckCommands();

  CallHost& host_;
  commands::Session session_;
  CallMeter meter_{Method::kPipeline};
  ::grpc::ServerContext context_;
  Stream stream_;
  v1::PipelineRequest request_;
  v1::PipelineResponse response_;
  CommandBatch batch_;
  size_t next_ = 0;  // command of the batch
  const size_t response_bytes_ =
      std::min<size_t>(kResponseBytes, host_.limits.grpc_max_message_bytes / 2);
  ReplyBuilder reply_;
};

Status PipelineCall::Begin() {
  meter_.Started(host_.Counters());
  return Admit(host_, context_);
}

Status PipelineCall::CheckCommands() {
  if (request_.commands_size() == 0) return InvalidField("commands", "must not be empty");
  for (int i = 0; i < request_.commands_size(); ++i) {
    const int args = request_.commands(i).args_size();
    if (args != 0 && static_cast<uint32_t>(args) <= host_.limits.max_args) [[likely]]
      continue;
    return CheckCount(host_.limits, "commands[" + std::to_string(i) + "].args", args, 1);
  }
  return Status();
}

Status PipelineCall::BeginBatch() {
  metrics::WorkerCounters& counters = host_.Counters();
  CallMeter::Received(meter_.rpc(counters), counters, request_.ByteSizeLong());
  BindingContext binding = host_.Bind(session_);
  Status status = binding.UseDatabase(request_.database());
  if (status.ok()) status = CheckCommands();
  if (status.ok() && DeadlinePassed(context_)) {
    status = {::grpc::StatusCode::DEADLINE_EXCEEDED, "the deadline passed"};
  }
  if (!status.ok()) return status;
  batch_.Clear();
  next_ = 0;
  for (const v1::Command& command : request_.commands()) {
    for (const std::string& arg : command.args()) batch_.Add(arg);
    batch_.EndCommand();
  }
  return status;
}

bool PipelineCall::FillResponse() {
  if (next_ == batch_.size()) return false;
  metrics::WorkerCounters& counters = host_.Counters();
  session_.counters = &counters;
  response_.Clear();
  response_.set_id(request_.id());
  reply_.Start(response_.mutable_values());
  const auto full = [](void* call) {
    const auto& self = *static_cast<const PipelineCall*>(call);
    return self.reply_.bytes() >= self.response_bytes_;
  };
  const commands::BatchResult result =
      host_.dispatcher.ExecuteBatch(session_, batch_, next_, reply_, full, this);
  next_ += result.executed;
  // Only the last reply can have made it so big: the ones before filled less than half of it.
  if (reply_.bytes() > host_.limits.grpc_max_message_bytes) {
    reply_.ReplaceLast(
        MakeError(ErrorCode::kLimit, "ERR the reply is larger than a message may be"));
  }
  if (result.state == commands::BatchState::kClose) next_ = batch_.size();
  response_.set_more(next_ != batch_.size());
  meter_.rpc(counters).sent.Add();
  counters.grpc_bytes_out.Add(reply_.bytes());
  return true;
}

// Serves the stream up to its end; gives the status to end it with. `call` outlives the task.
runtime::Task<Status> Converse(PipelineCall& call, IdleStreams& idle, Step& step) {
  Status status = call.Begin();
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

// A slot: serves one stream after the other. It ends when the server shuts down, or when more slots
// wait than are needed.
runtime::Task<> ServePipeline(CallHost& host, Service& service, CallSlots& slots,
                              IdleStreams& idle) {
  Step step;
  do {
    PipelineCall call(host);
    const bool came = co_await step.On([&](void* tag) { call.Ask(service, tag); });
    if (!came) break;
    if (slots.CallCame()) OpenPipelineSlot(host, service, slots, idle);
    const Status status = co_await Converse(call, idle, step);
    call.End(status.error_code());
    co_await step.On([&](void* tag) { call.Finish(status, tag); });
  } while (slots.CallEnded());
}

}  // namespace

bool IdleStreams::Enter(::grpc::ServerContext* context) {
  absl::MutexLock lock(&mutex_);
  if (!draining_) waiting_.insert(context);
  return !draining_;
}

bool IdleStreams::Leave(::grpc::ServerContext* context) {
  absl::MutexLock lock(&mutex_);
  waiting_.erase(context);
  return !draining_;
}

void IdleStreams::Drain() {
  absl::MutexLock lock(&mutex_);
  draining_ = true;
  // The lock keeps the contexts alive: their streams are inside of Enter and Leave. A server's
  // ServerContext::TryCancel would send CANCELLED, which clients take for their own doing.
  for (::grpc::ServerContext* context : waiting_) {
    grpc_call_cancel_with_status(context->c_call(), GRPC_STATUS_UNAVAILABLE, kDrainingText,
                                 nullptr);
  }
}

void OpenPipelineSlot(CallHost& host, Service& service, CallSlots& slots, IdleStreams& idle) {
  slots.Opened();
  host.Spawn(ServePipeline(host, service, slots, idle));
}

}  // namespace duet::rpc
