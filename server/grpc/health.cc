#include "server/grpc/health.h"

#include <grpc/support/time.h>
#include <utility>

#include "server/base/check.h"

namespace duet::rpc {

HealthState::HealthState(std::string_view service, size_t max_watchers)
    : max_watchers_(max_watchers) {
  absl::MutexLock lock(&mutex_);
  serving_[""] = true;
  serving_["readiness"] = true;
  serving_[std::string(service)] = true;
}

void HealthState::SetServing(bool serving) {
  absl::MutexLock lock(&mutex_);
  if (draining_) return;
  for (auto& [name, serves] : serving_) serves = serving || name.empty();
  Changed();
}

void HealthState::Drain() {
  absl::MutexLock lock(&mutex_);
  draining_ = true;
  for (auto& [name, serves] : serving_) serves = false;
  Changed();
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

::grpc::Status HealthState::Enter(HealthWatcher& watcher) {
  absl::MutexLock lock(&mutex_);
  if (watchers_.size() >= max_watchers_) {
    return {::grpc::StatusCode::RESOURCE_EXHAUSTED,
            "health is watched " + std::to_string(max_watchers_) + " times already"};
  }
  watchers_.insert(&watcher);
  return ::grpc::Status();
}

void HealthState::Leave(HealthWatcher& watcher) {
  absl::MutexLock lock(&mutex_);
  watchers_.erase(&watcher);
}

HealthState::View HealthState::Look(const HealthWatcher& watcher,
                                    const std::string& service) const {
  absl::MutexLock lock(&mutex_);
  View view;
  const auto found = serving_.find(service);
  view.status = found == serving_.end() ? Response::SERVICE_UNKNOWN
                : found->second         ? Response::SERVING
                                        : Response::NOT_SERVING;
  view.draining = draining_;
  view.call_over = watcher.call_over_;
  view.version = version_;
  return view;
}

void HealthState::Await(HealthWatcher& watcher, uint64_t version, ::grpc::CompletionQueue& queue,
                        void* tag) {
  absl::MutexLock lock(&mutex_);
  DUET_CHECK(watcher.tag_ == nullptr, "a watcher of health waits twice");
  watcher.queue_ = &queue;
  watcher.tag_ = tag;
  if (version != version_ || watcher.call_over_) Wake(watcher);
}

void HealthState::NoteCallOver(HealthWatcher& watcher) {
  absl::MutexLock lock(&mutex_);
  watcher.call_over_ = true;
  Wake(watcher);
}

void HealthState::Changed() {
  ++version_;
  for (HealthWatcher* watcher : watchers_) Wake(*watcher);
}

void HealthState::Wake(HealthWatcher& watcher) {
  void* const tag = std::exchange(watcher.tag_, nullptr);
  if (tag != nullptr) {
    watcher.alarm_.Set(watcher.queue_, gpr_time_0(GPR_CLOCK_MONOTONIC), tag);
  }
}

}  // namespace duet::rpc
