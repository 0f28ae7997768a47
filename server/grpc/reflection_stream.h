// The stream of gRPC's reflection protocol: a request, its answer, the next request.
//
// One coroutine a stream. A client that does not read its answer is not read from. A drain ends
// every stream at once with UNAVAILABLE, also one whose client does not read: nobody needs the
// description of a server that goes. As of health's Watch there is no span of it.
#pragma once

#include <cstddef>

#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

#include "server/grpc/call_host.h"
#include "server/grpc/call_slots.h"
#include "server/grpc/idle_streams.h"
#include "server/grpc/methods.h"
#include "server/grpc/reflection.h"

namespace duet::rpc {

// The two versions, which differ in their names alone. Messages come as bytes: both are read and
// written as v1's, and a long one of a caller without the password is refused before it is parsed.
using ReflectionV1Service =
    ::grpc::reflection::v1::ServerReflection::WithRawMethod_ServerReflectionInfo<
        ::grpc::reflection::v1::ServerReflection::Service>;
using ReflectionV1AlphaService =
    ::grpc::reflection::v1alpha::ServerReflection::WithRawMethod_ServerReflectionInfo<
        ::grpc::reflection::v1alpha::ServerReflection::Service>;

// A longer request ends its stream with RESOURCE_EXHAUSTED. Names are not that long.
inline constexpr size_t kMaxReflectionRequestBytes = 16 * 1024;

// What the streams of one version share. All that is referred to outlives them.
template <typename Service>
struct ReflectionVersion {
  Method method;
  Service& service;
  CallSlots& slots;
  Reflection& reflection;
  IdleStreams& idle;
};

// Begins to wait for streams. `host` outlives the tasks that it spawns. Of the two services.
template <typename Service>
void OpenReflectionSlot(CallHost& host, const ReflectionVersion<Service>& version);

}  // namespace duet::rpc
