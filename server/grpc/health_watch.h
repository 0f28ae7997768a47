// The Watch stream of gRPC's health protocol: the status now, and each one that follows.
//
// One coroutine a stream, which waits in HealthState. Of changes that follow each other faster than
// the client reads it sends the last. A stream ends with its client, or with the server: after
// NOT_SERVING, with UNAVAILABLE. There is no span of it: it would be as long as the client lives.
#pragma once

#include "server/grpc/call_host.h"
#include "server/grpc/call_slots.h"
#include "server/grpc/health.h"

namespace duet::rpc {

// Begins to wait for streams. All four outlive the tasks that it spawns.
void OpenHealthWatchSlot(CallHost& host, HealthState::AsyncService& service, CallSlots& slots,
                         HealthState& health);

}  // namespace duet::rpc
