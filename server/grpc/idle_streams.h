// The streams that a drain ends, because they would keep the server up to the drain's deadline.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/server_context.h"

namespace duet::rpc {

// Those that are inside of Enter and Leave. What a stream does outside, such as to execute a batch,
// is finished and answered first.
// Thread-safe.
class IdleStreams {
 public:
  // The stream begins to wait. False: the server drains, the stream must end.
  [[nodiscard]] bool Enter(::grpc::ServerContext* context);
  // The stream has something to do, or has ended. False: the server drains, and may have ended it.
  bool Leave(::grpc::ServerContext* context);
  // Ends the streams that wait with UNAVAILABLE, and lets none wait from now on.
  void Drain();

 private:
  absl::Mutex mutex_;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<::grpc::ServerContext*> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace duet::rpc
