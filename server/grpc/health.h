// What grpc.health.v1.Health/Check answers: load balancers and kubelets ask it. Watch answers
// UNIMPLEMENTED, which the protocol's clients take for "no health checking here".
#pragma once

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/support/status.h"

namespace duet::rpc {

// The names "" (the process), "readiness" and that of each service.
// Thread-safe.
class HealthState {
 public:
  using AsyncService =
      ::grpc::health::v1::Health::WithAsyncMethod_Check< ::grpc::health::v1::Health::Service>;
  using Request = ::grpc::health::v1::HealthCheckRequest;
  using Response = ::grpc::health::v1::HealthCheckResponse;

  // Every name serves from the start, `service` included.
  explicit HealthState(std::string_view service);

  // False: "readiness" and the services do not serve (loading, draining); the process lives on.
  void SetServing(bool serving);

  // NOT_FOUND for a name that nobody knows.
  ::grpc::Status Check(const Request& request, Response& response) const;

 private:
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, bool> serving_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace duet::rpc
