#include "server/grpc/idle_streams.h"

#include <grpc/grpc.h>

#include "server/grpc/call_host.h"

namespace duet::rpc {

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

}  // namespace duet::rpc
