#include "server/grpc/reflection_stream.h"

#include <string>

#include "grpcpp/server_context.h"
#include "grpcpp/support/async_stream.h"
#include "grpcpp/support/byte_buffer.h"

#include "server/grpc/status.h"
#include "server/grpc/step.h"
#include "server/runtime/task.h"

namespace duet::rpc {
namespace {

using ::grpc::Status;
using Stream = ::grpc::ServerAsyncReaderWriter<::grpc::ByteBuffer, ::grpc::ByteBuffer>;
using RequestBytes = ::grpc::SerializationTraits<Reflection::Request>;
using ResponseBytes = ::grpc::SerializationTraits<Reflection::Response>;

class ReflectionCall {
 public:
  ReflectionCall(CallHost& host, Method method) : host_(host), meter_(method), stream_(&context_) {}

  ::grpc::ServerContext& context() { return context_; }
  template <typename Service>
  void Ask(Service& service, void* tag) {
    service.RequestServerReflectionInfo(&context_, &stream_, &host_.queue, &host_.queue, tag);
  }
  void Begin() { meter_.Started(host_.Counters()); }
  void Read(void* tag) { stream_.Read(&message_, tag); }
  // Puts the answer in the place of the request that was read. Not OK: it breaks a rule.
  Status Answer(const Reflection& reflection);
  void Write(void* tag) { stream_.Write(message_, tag); }
  void End(::grpc::StatusCode code) { meter_.Ended(host_.Counters(), code); }
  void Finish(const Status& status, void* tag) { stream_.Finish(status, tag); }

 private:
  CallHost& host_;
  CallMeter meter_;
  ::grpc::ServerContext context_;
  Stream stream_;
  ::grpc::ByteBuffer message_;
};

Status ReflectionCall::Answer(const Reflection& reflection) {
  metrics::WorkerCounters& counters = host_.Counters();
  CallMeter::Received(meter_.rpc(counters), counters, message_.Length());
  if (message_.Length() > kMaxReflectionRequestBytes) {
    return {::grpc::StatusCode::RESOURCE_EXHAUSTED, "the request has more bytes than the " +
                                                        std::to_string(kMaxReflectionRequestBytes) +
                                                        " that are allowed"};
  }
  Reflection::Request request;
  if (!RequestBytes::Deserialize(&message_, &request).ok()) {
    return InvalidField("request", "is not a ServerReflectionRequest message");
  }
  Reflection::Response response;
  reflection.Answer(request, response);
  const size_t bytes = response.ByteSizeLong();
  if (bytes > host_.limits.grpc_max_message_bytes) return ResponseTooLong(host_.limits);
  message_.Clear();
  bool owned = false;  // the bytes; they always are
  Status status = ResponseBytes::Serialize(response, &message_, &owned);
  if (!status.ok()) return status;
  meter_.rpc(counters).sent.Add();
  counters.grpc_bytes_out.Add(bytes);
  return status;
}

// Answers one request after the other; gives the status to end the stream with. `call` outlives
// the task.
runtime::Task<Status> Converse(ReflectionCall& call, const Reflection& reflection, Step& step) {
  for (;;) {
    const bool read = co_await step.On([&call](void* tag) { call.Read(tag); });
    if (!read) co_return Status();
    const Status answered = call.Answer(reflection);
    if (!answered.ok()) co_return answered;
    const bool written = co_await step.On([&call](void* tag) { call.Write(tag); });
    if (!written) co_return Status(::grpc::StatusCode::CANCELLED, "the client has gone");
  }
}

// The same, for a stream that has yet to be let in. All parameters outlive the task.
runtime::Task<Status> Serve(ReflectionCall& call, Reflection& reflection, IdleStreams& idle,
                            Step& step) {
  call.Begin();
  Status status = reflection.streams().Enter();
  if (!status.ok()) {
    Refuse(call.context(), status);
    co_return status;
  }
  bool serving = idle.Enter(&call.context());
  if (serving) {
    status = co_await Converse(call, reflection, step);
    serving = idle.Leave(&call.context());
  }
  reflection.streams().Leave();
  if (!serving) co_return Draining();
  co_return status;
}

// A slot: serves one stream after the other. It ends when the server shuts down, or when more slots
// wait than are needed.
template <typename Service>
runtime::Task<> ServeReflection(CallHost& host, ReflectionVersion<Service> version) {
  Step step;
  do {
    ReflectionCall call(host, version.method);
    const bool came = co_await step.On([&](void* tag) { call.Ask(version.service, tag); });
    if (!came) break;
    if (version.slots.CallCame()) OpenReflectionSlot(host, version);
    const Status status = co_await Serve(call, version.reflection, version.idle, step);
    call.End(status.error_code());
    co_await step.On([&](void* tag) { call.Finish(status, tag); });
  } while (version.slots.CallEnded());
}

}  // namespace

template <typename Service>
void OpenReflectionSlot(CallHost& host, const ReflectionVersion<Service>& version) {
  version.slots.Opened();
  host.Spawn(ServeReflection(host, version));
}

template void OpenReflectionSlot(CallHost&, const ReflectionVersion<ReflectionV1Service>&);
template void OpenReflectionSlot(CallHost&, const ReflectionVersion<ReflectionV1AlphaService>&);

}  // namespace duet::rpc
