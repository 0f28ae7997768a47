// Unary calls: one coroutine a slot, which serves one call after the other.
//
// The slot keeps its messages, its session and the memory of its gRPC objects from call to call,
// so that a call costs no allocation of ours. What a call left behind beyond kKeepBytes is freed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "grpcpp/server_context.h"
#include "grpcpp/support/async_unary_call.h"

#include "server/commands/session.h"
#include "server/grpc/call_host.h"
#include "server/grpc/call_slots.h"
#include "server/grpc/call_span.h"
#include "server/grpc/methods.h"
#include "server/grpc/status.h"
#include "server/grpc/step.h"
#include "server/runtime/task.h"

namespace duet::rpc {

// An RPC: how to ask gRPC for a call of it, and what answers it. `Handler` is callable with
// (BindingContext&, const Request&, Response&) and gives a grpc::Status.
template <typename Service, typename Base, typename Req, typename Resp, typename Handler>
struct UnaryMethod {
  using Request = Req;
  using Response = Resp;
  using Ask = void (Base::*)(::grpc::ServerContext*, Request*,
                             ::grpc::ServerAsyncResponseWriter<Response>*, ::grpc::CompletionQueue*,
                             ::grpc::ServerCompletionQueue*, void*);
  Method method;
  Service* service;  // outlives the calls
  Ask ask;
  Handler handler;
  bool open = false;  // answers callers without the password (health)
};

template <typename M>
class UnaryCall final : private commands::Session::Peer {
 public:
  UnaryCall(CallHost& host, const M& method)
      : host_(host),
        method_(method),
        meter_(method.method),
        span_(host, method.method),
        session_(commands::Door::kGrpcUnary, commands::Session::kNoId, &host.Counters()) {
    session_.protocol = 3;
    session_.peer = this;
  }

  // Everything as before the first call.
  void Renew() {
    responder_.reset();
    context_.emplace();
    responder_.emplace(&*context_);
    Recycle(request_);
    Recycle(response_);
  }
  void Ask(void* tag) {
    (method_.service->*method_.ask)(&*context_, &request_, &*responder_, &host_.queue, &host_.queue,
                                    tag);
  }
  ::grpc::Status Run();
  void Finish(const ::grpc::Status& status, void* tag) {
    responder_->Finish(response_, status, tag);
  }

 private:
  static constexpr size_t kKeepBytes = 16 * 1024;

  std::string Address() const override { return PeerAddress(*context_); }

  template <typename Message>
  static void Recycle(Message& message) {
    if (message.ByteSizeLong() > kKeepBytes) {
      message = Message();
    } else {
      message.Clear();
    }
  }

  CallHost& host_;
  const M method_;
  CallMeter meter_;
  CallSpan span_;
  commands::Session session_;
  std::optional<::grpc::ServerContext> context_;
  std::optional<::grpc::ServerAsyncResponseWriter<typename M::Response>> responder_;
  typename M::Request request_;
  typename M::Response response_;
};

template <typename M>
::grpc::Status UnaryCall<M>::Run() {
  metrics::WorkerCounters& counters = host_.Counters();
  meter_.Started(counters);
  CallMeter::Received(meter_.rpc(counters), counters, request_.ByteSizeLong());
  session_.counters = &counters;
  span_.Begin(*context_, session_);
  ::grpc::Status status = method_.open ? ::grpc::Status() : Admit(host_, *context_);
  if (!status.ok()) {
    Refuse(*context_, status);
  } else {
    BindingContext binding = host_.Bind(session_);
    status = method_.handler(binding, request_, response_);
  }
  const size_t bytes = status.ok() ? response_.ByteSizeLong() : 0;
  if (bytes > host_.limits.grpc_max_message_bytes) {
    status = ResponseTooLong(host_.limits);
  } else if (status.ok()) {
    meter_.rpc(counters).sent.Add();
    counters.grpc_bytes_out.Add(bytes);
  }
  meter_.Ended(counters, status.error_code());
  span_.End(status.error_code());
  return status;
}

template <typename M>
void OpenUnarySlot(CallHost& host, CallSlots& slots, const M& method);

// A slot. `host` and `slots` outlive the task; it ends when the server shuts down, or when more
// slots wait than are needed.
template <typename M>
runtime::Task<> ServeUnary(CallHost& host, CallSlots& slots, M method) {
  UnaryCall<M> call(host, method);
  Step step;
  do {
    call.Renew();
    const bool came = co_await step.On([&call](void* tag) { call.Ask(tag); });
    if (!came) break;
    if (slots.CallCame()) OpenUnarySlot(host, slots, method);
    const ::grpc::Status status = call.Run();
    co_await step.On([&call, &status](void* tag) { call.Finish(status, tag); });
  } while (slots.CallEnded());
}

template <typename M>
void OpenUnarySlot(CallHost& host, CallSlots& slots, const M& method) {
  slots.Opened();
  host.Spawn(ServeUnary(host, slots, method));
}

}  // namespace duet::rpc
