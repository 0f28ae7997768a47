// The typed RPCs, one short function each: check the fields, run one command, read its reply.
//
// When you add an RPC: its proto, a binding here, a line in methods.h and one in server.cc, its
// cases in tests/grpc/.
#pragma once

#include <cstdint>

#include "grpcpp/support/status.h"

#include "duet/v1/key_value_service.pb.h"
#include "server/api/argv.h"
#include "server/base/limits.h"
#include "server/commands/dispatcher.h"
#include "server/commands/session.h"

namespace duet::rpc {

// What a binding works with. Thread class: worker-bound, as its session is; one call at a time.
struct BindingContext {
  commands::Dispatcher& dispatcher;
  commands::Session& session;
  const Limits& limits;
  uint32_t databases;  // how many there are

  // Makes `database` the one that Run works on; INVALID_ARGUMENT if there is none of that number.
  ::grpc::Status UseDatabase(uint32_t database);
  void Run(Argv argv, ReplyWriter& reply) { dispatcher.Execute(session, argv, reply); }
};

// A binding fills `response`, which comes empty, or answers with a status that is not OK.
template <typename Request, typename Response>
using Binding = ::grpc::Status (*)(BindingContext&, const Request&, Response&);

// bindings.cc
::grpc::Status Get(BindingContext&, const v1::GetRequest&, v1::GetResponse&);
::grpc::Status Set(BindingContext&, const v1::SetRequest&, v1::SetResponse&);
::grpc::Status Expire(BindingContext&, const v1::ExpireRequest&, v1::ExpireResponse&);
::grpc::Status GetTtl(BindingContext&, const v1::GetTtlRequest&, v1::GetTtlResponse&);
::grpc::Status Increment(BindingContext&, const v1::IncrementRequest&, v1::IncrementResponse&);
::grpc::Status Append(BindingContext&, const v1::AppendRequest&, v1::AppendResponse&);
::grpc::Status Execute(BindingContext&, const v1::ExecuteRequest&, v1::ExecuteResponse&);

// batch_bindings.cc
::grpc::Status Delete(BindingContext&, const v1::DeleteRequest&, v1::DeleteResponse&);
::grpc::Status Exists(BindingContext&, const v1::ExistsRequest&, v1::ExistsResponse&);
::grpc::Status BatchGet(BindingContext&, const v1::BatchGetRequest&, v1::BatchGetResponse&);
::grpc::Status BatchSet(BindingContext&, const v1::BatchSetRequest&, v1::BatchSetResponse&);
::grpc::Status BatchDelete(BindingContext&, const v1::BatchDeleteRequest&,
                           v1::BatchDeleteResponse&);

}  // namespace duet::rpc
