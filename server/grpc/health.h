// What grpc.health.v1.Health answers: load balancers and kubelets ask it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/alarm.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/support/status.h"

namespace duet::rpc {

// What a call of Watch needs to wait for changes. HealthState guards it.
class HealthWatcher {
 public:
  HealthWatcher() = default;
  HealthWatcher(const HealthWatcher&) = delete;
  HealthWatcher& operator=(const HealthWatcher&) = delete;

 private:
  friend class HealthState;
  ::grpc::Alarm alarm_;  // puts the tag onto the queue
  ::grpc::CompletionQueue* queue_ = nullptr;
  void* tag_ = nullptr;  // null: nobody waits
  bool call_over_ = false;
};

// The names "" (the process), "readiness" and that of each service.
// Thread-safe.
class HealthState {
 public:
  using AsyncService = ::grpc::health::v1::Health::WithAsyncMethod_Check<
      ::grpc::health::v1::Health::WithAsyncMethod_Watch<::grpc::health::v1::Health::Service>>;
  using Request = ::grpc::health::v1::HealthCheckRequest;
  using Response = ::grpc::health::v1::HealthCheckResponse;

  // Every name serves from the start, `service` included.
  HealthState(std::string_view service, size_t max_watchers);

  // False: "readiness" and the services do not serve (loading, draining); the process lives on.
  void SetServing(bool serving);
  // The process ends: no name serves any more, and the watches end.
  void Drain();

  // NOT_FOUND for a name that nobody knows.
  ::grpc::Status Check(const Request& request, Response& response) const;

  // A watch begins; until it leaves, changes wake it. RESOURCE_EXHAUSTED: there are too many, and
  // it need not leave.
  [[nodiscard]] ::grpc::Status Enter(HealthWatcher& watcher);
  void Leave(HealthWatcher& watcher);

  struct View {
    Response::ServingStatus status = Response::UNKNOWN;  // SERVICE_UNKNOWN: nobody knows the name
    bool draining = false;
    bool call_over = false;
    uint64_t version = 0;  // grows with each change
  };
  View Look(const HealthWatcher& watcher, const std::string& service) const;
  // Puts `tag` onto the queue when something has changed since `version`, or the call is over.
  // REQUIRES: the watcher does not wait.
  void Await(HealthWatcher& watcher, uint64_t version, ::grpc::CompletionQueue& queue, void* tag);
  // gRPC says that the watcher's call has ended.
  void NoteCallOver(HealthWatcher& watcher);

 private:
  void Changed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The watcher may be gone once the lock is released.
  static void Wake(HealthWatcher& watcher);

  const size_t max_watchers_;
  mutable absl::Mutex mutex_;  // also of what the watchers hold
  absl::flat_hash_map<std::string, bool> serving_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<HealthWatcher*> watchers_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace duet::rpc
