#include "server/grpc/call_host.h"

#include <grpc/grpc.h>
#include <grpc/support/time.h>

#include "absl/strings/str_replace.h"

#include "server/base/clock.h"

namespace duet::rpc {

bool DeadlinePassed(const ::grpc::ServerContext& context) {
  const gpr_timespec deadline = context.raw_deadline();
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) return false;
  return gpr_time_cmp(gpr_now(deadline.clock_type), deadline) >= 0;
}

::grpc::Status Admit(const CallHost& host, const ::grpc::ServerContext& context) {
  if (DeadlinePassed(context)) [[unlikely]] {
    return {::grpc::StatusCode::DEADLINE_EXCEEDED, "the deadline passed before the call was run"};
  }
  return host.auth.Check(context);
}

void Refuse(::grpc::ServerContext& context, const ::grpc::Status& status) {
  grpc_call_cancel_with_status(context.c_call(), static_cast<grpc_status_code>(status.error_code()),
                               status.error_message().c_str(), nullptr);
}

// gRPC says "ipv4:127.0.0.1:50412" and "ipv6:%5B::1%5D:50412".
std::string PeerAddress(const ::grpc::ServerContext& context) {
  const std::string peer = context.peer();
  std::string address = peer.substr(peer.find(':') + 1);
  absl::StrReplaceAll({{"%5B", "["}, {"%5D", "]"}}, &address);
  return "grpc:" + address;
}

void CallMeter::Started(metrics::WorkerCounters& counters) {
  begin_ticks_ = CycleClock::Now();
  rpc(counters).started.Add();
}

void CallMeter::Received(metrics::RpcCounters& rpc, metrics::WorkerCounters& counters,
                         size_t bytes) {
  rpc.received.Add();
  counters.grpc_bytes_in.Add(bytes);
}

void CallMeter::Ended(metrics::WorkerCounters& counters, ::grpc::StatusCode code) {
  const uint64_t ticks = CycleClock::Now() - begin_ticks_;
  metrics::RpcCounters& figures = rpc(counters);
  figures.ticks.Add(ticks);
  const auto index = static_cast<size_t>(code);
  figures.handled[index < metrics::kRpcCodes ? index : 2].Add();  // 2: UNKNOWN
  figures.latency[metrics::WorkerCounters::LatencyBucket(ticks)].Add();
}

}  // namespace duet::rpc
