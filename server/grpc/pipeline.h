// The Pipeline stream: batches of commands in, batches of replies out.
//
// One coroutine a stream: read a request, execute its commands as a batch, write the response,
// read again. A stream that is not read from is not read: what it can hold in the server is one
// request and one response. A response holds at most about kResponseBytes of replies, and the rest
// of the batch follows in further ones (`more`).
#pragma once

#include <cstddef>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/server_context.h"

#include "server/grpc/call_host.h"
#include "server/grpc/call_slots.h"
#include "server/grpc/service.h"
#include "server/runtime/task.h"

namespace duet::rpc {

// The streams that wait for their clients, so that a drain can end them: an idle stream would keep
// the server up to the drain's deadline. A batch that is being executed is answered first.
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

// Replies of one response, in bytes, after which the rest of the batch goes into the next one.
inline constexpr size_t kResponseBytes = 1 << 20;

// Begins to wait for streams. `host`, `service`, `slots` and `idle` outlive the tasks that it
// spawns.
void OpenPipelineSlot(CallHost& host, KeyValueAsyncService& service, CallSlots& slots,
                      IdleStreams& idle);

}  // namespace duet::rpc
