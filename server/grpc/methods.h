// The RPCs by index: the label of their metrics.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/metrics/worker_counters.h"

namespace duet::rpc {

// The index of an RPC's counters in WorkerCounters::rpcs.
enum class Method : uint8_t {
  kGet,
  kSet,
  kDelete,
  kExists,
  kExpire,
  kGetTtl,
  kIncrement,
  kAppend,
  kBatchGet,
  kBatchSet,
  kBatchDelete,
  kExecute,
  kPipeline,
  kHealthCheck,
  kHealthWatch,
  kReflectionV1,
  kReflectionV1Alpha,
};

// As go-grpc-prometheus labels them: grpc_service, grpc_method, grpc_type.
struct MethodName {
  std::string_view service;
  std::string_view method;
  std::string_view type;
};

inline constexpr std::string_view kKeyValueService = "duet.v1.KeyValueService";
inline constexpr std::string_view kHealthService = "grpc.health.v1.Health";
inline constexpr std::string_view kReflectionV1Service = "grpc.reflection.v1.ServerReflection";
inline constexpr std::string_view kReflectionV1AlphaService =
    "grpc.reflection.v1alpha.ServerReflection";

inline constexpr std::array kMethodNames = {
    MethodName{kKeyValueService, "Get", "unary"},
    MethodName{kKeyValueService, "Set", "unary"},
    MethodName{kKeyValueService, "Delete", "unary"},
    MethodName{kKeyValueService, "Exists", "unary"},
    MethodName{kKeyValueService, "Expire", "unary"},
    MethodName{kKeyValueService, "GetTtl", "unary"},
    MethodName{kKeyValueService, "Increment", "unary"},
    MethodName{kKeyValueService, "Append", "unary"},
    MethodName{kKeyValueService, "BatchGet", "unary"},
    MethodName{kKeyValueService, "BatchSet", "unary"},
    MethodName{kKeyValueService, "BatchDelete", "unary"},
    MethodName{kKeyValueService, "Execute", "unary"},
    MethodName{kKeyValueService, "Pipeline", "bidi_stream"},
    MethodName{kHealthService, "Check", "unary"},
    MethodName{kHealthService, "Watch", "server_stream"},
    MethodName{kReflectionV1Service, "ServerReflectionInfo", "bidi_stream"},
    MethodName{kReflectionV1AlphaService, "ServerReflectionInfo", "bidi_stream"},
};
static_assert(kMethodNames.size() == static_cast<size_t>(Method::kReflectionV1Alpha) + 1);
static_assert(kMethodNames.size() <= metrics::kMaxRpcMethods);

}  // namespace duet::rpc
