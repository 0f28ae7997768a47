// The Pipeline stream: batches of commands in, batches of replies out.
//
// One coroutine a stream: read a request, execute its commands as a batch, write the response,
// read again. A stream that is not read from is not read: what it can hold in the server is one
// request and one response. A response holds at most about kResponseBytes of replies, and the rest
// of the batch follows in further ones (`more`).
#pragma once

#include <cstddef>

#include "server/grpc/call_host.h"
#include "server/grpc/call_slots.h"
#include "server/grpc/idle_streams.h"
#include "server/grpc/service.h"
#include "server/grpc/stream_limit.h"

namespace duet::rpc {

// Replies of one response, in bytes, after which the rest of the batch goes into the next one.
inline constexpr size_t kResponseBytes = 1 << 20;

// Begins to wait for streams. What it gets outlives the tasks that it spawns.
void OpenPipelineSlot(CallHost& host, KeyValueAsyncService& service, CallSlots& slots,
                      StreamLimit& streams, IdleStreams& idle);

}  // namespace duet::rpc
