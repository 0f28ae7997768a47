// KeyValueService as we serve it: every RPC asynchronously, and the Pipeline stream as bytes, which
// pipeline_request.h and pipeline_response.h read and write.
#pragma once

#include "duet/v1/key_value_service.grpc.pb.h"

namespace duet::rpc {

template <typename Base>
using WithPipeline = v1::KeyValueService::WithRawMethod_Pipeline<Base>;
template <typename Base>
using WithSingleKey = v1::KeyValueService::WithAsyncMethod_Get<
    v1::KeyValueService::WithAsyncMethod_Set<v1::KeyValueService::WithAsyncMethod_Expire<
        v1::KeyValueService::WithAsyncMethod_GetTtl<v1::KeyValueService::WithAsyncMethod_Increment<
            v1::KeyValueService::WithAsyncMethod_Append<
                v1::KeyValueService::WithAsyncMethod_Execute<Base>>>>>>>;
template <typename Base>
using WithSeveralKeys =
    v1::KeyValueService::WithAsyncMethod_Delete<v1::KeyValueService::WithAsyncMethod_Exists<
        v1::KeyValueService::WithAsyncMethod_BatchGet<v1::KeyValueService::WithAsyncMethod_BatchSet<
            v1::KeyValueService::WithAsyncMethod_BatchDelete<Base>>>>>;

using KeyValueAsyncService =
    WithSingleKey<WithSeveralKeys<WithPipeline<v1::KeyValueService::Service>>>;

}  // namespace duet::rpc
