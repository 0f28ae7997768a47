#include "server/grpc/health_watch.h"

#include "grpcpp/server_context.h"
#include "grpcpp/support/async_stream.h"

#include "server/grpc/methods.h"
#include "server/grpc/step.h"
#include "server/runtime/completion.h"
#include "server/runtime/task.h"

namespace duet::rpc {
namespace {

using ::grpc::Status;

class WatchCall {
 public:
  WatchCall(CallHost& host, HealthState& health)
      : host_(host), health_(health), over_(health, watcher_), stream_(&context_) {
    context_.AsyncNotifyWhenDone(static_cast<runtime::Completion*>(&over_));
  }

  void Ask(HealthState::AsyncService& service, void* tag) {
    service.RequestWatch(&context_, &request_, &stream_, &host_.queue, &host_.queue, tag);
  }
  // The stream has come. Not OK: it must not be served.
  Status Begin();
  HealthState::View Look() const { return health_.Look(watcher_, request_.service()); }
  void Await(const HealthState::View& since, void* tag) {
    health_.Await(watcher_, since.version, host_.queue, tag);
  }
  void Write(HealthState::Response::ServingStatus status, void* tag);
  void End(::grpc::StatusCode code) {
    health_.Leave(watcher_);
    meter_.Ended(host_.Counters(), code);
  }
  void Refuse(const Status& status) { rpc::Refuse(context_, status); }
  void Finish(const Status& status, void* tag) { stream_.Finish(status, tag); }

 private:
  // gRPC's word that the call is over: its client has gone, or it was finished.
  class Over final : public runtime::Completion {
   public:
    Over(HealthState& health, HealthWatcher& watcher) : health_(health), watcher_(watcher) {}
    void Complete(bool) override { health_.NoteCallOver(watcher_); }

   private:
    HealthState& health_;
    HealthWatcher& watcher_;
  };

  CallHost& host_;
  HealthState& health_;
  CallMeter meter_{Method::kHealthWatch};
  HealthWatcher watcher_;
  Over over_;
  ::grpc::ServerContext context_;
  ::grpc::ServerAsyncWriter<HealthState::Response> stream_;
  HealthState::Request request_;
  HealthState::Response response_;
};

Status WatchCall::Begin() {
  metrics::WorkerCounters& counters = host_.Counters();
  meter_.Started(counters);
  CallMeter::Received(meter_.rpc(counters), counters, request_.ByteSizeLong());
  return health_.Enter(watcher_);
}

void WatchCall::Write(HealthState::Response::ServingStatus status, void* tag) {
  response_.set_status(status);
  metrics::WorkerCounters& counters = host_.Counters();
  meter_.rpc(counters).sent.Add();
  counters.grpc_bytes_out.Add(response_.ByteSizeLong());
  stream_.Write(response_, tag);
}

// Serves the stream up to its end; gives the status to end it with. `call` outlives the task.
runtime::Task<Status> Tell(WatchCall& call, Step& step) {
  const Status gone(::grpc::StatusCode::CANCELLED, "the client has gone");
  const Status begun = call.Begin();
  if (!begun.ok()) {
    call.Refuse(begun);
    co_return begun;
  }
  HealthState::Response::ServingStatus sent = HealthState::Response::UNKNOWN;
  for (;;) {
    const HealthState::View view = call.Look();
    if (view.call_over) co_return gone;
    if (view.status != sent) {
      sent = view.status;
      const bool written = co_await step.On([&](void* tag) { call.Write(sent, tag); });
      if (!written) co_return gone;
    } else if (view.draining) {
      co_return Draining();
    } else {
      co_await step.On([&](void* tag) { call.Await(view, tag); });
    }
  }
}

// A slot: serves one stream after the other. It ends when the server shuts down, or when more slots
// wait than are needed.
runtime::Task<> ServeWatch(CallHost& host, HealthState::AsyncService& service, CallSlots& slots,
                           HealthState& health) {
  Step step;
  do {
    WatchCall call(host, health);
    const bool came = co_await step.On([&](void* tag) { call.Ask(service, tag); });
    if (!came) break;
    if (slots.CallCame()) OpenHealthWatchSlot(host, service, slots, health);
    const Status status = co_await Tell(call, step);
    call.End(status.error_code());
    co_await step.On([&](void* tag) { call.Finish(status, tag); });
    // gRPC still holds on to the call's notice of its end.
    for (HealthState::View view = call.Look(); !view.call_over; view = call.Look()) {
      co_await step.On([&](void* tag) { call.Await(view, tag); });
    }
  } while (slots.CallEnded());
}

}  // namespace

void OpenHealthWatchSlot(CallHost& host, HealthState::AsyncService& service, CallSlots& slots,
                         HealthState& health) {
  slots.Opened();
  host.Spawn(ServeWatch(host, service, slots, health));
}

}  // namespace duet::rpc
