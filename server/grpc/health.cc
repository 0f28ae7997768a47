#include "server/grpc/health.h"

namespace duet::rpc {

HealthState::HealthState(std::string_view service) {
  absl::MutexLock lock(&mutex_);
  serving_[""] = true;
  serving_["readiness"] = true;
  serving_[std::string(service)] = true;
}

void HealthState::SetServing(bool serving) {
  absl::MutexLock lock(&mutex_);
  for (auto& [name, serves] : serving_) serves = serving || name.empty();
}

::grpc::Status HealthState::Check(const Request& request, Response& response) const {
  absl::MutexLock lock(&mutex_);
  const auto found = serving_.find(request.service());
  if (found == serving_.end()) {
    return {::grpc::StatusCode::NOT_FOUND, "service: there is none of this name"};
  }
  response.set_status(found->second ? Response::SERVING : Response::NOT_SERVING);
  return ::grpc::Status();
}

}  // namespace duet::rpc
