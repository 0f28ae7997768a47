// How many streams of a kind may be open at once.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/support/status.h"

#include "server/base/check.h"

namespace duet::rpc {

// Thread-safe.
class StreamLimit {
 public:
  // `kind` is for the error: "there are 8 <kind> already".
  StreamLimit(size_t max, std::string kind) : max_(max), kind_(std::move(kind)) {}

  // A stream begins. RESOURCE_EXHAUSTED: there are too many, and it need not leave.
  [[nodiscard]] ::grpc::Status Enter() {
    absl::MutexLock lock(&mutex_);
    if (open_ < max_) {
      ++open_;
      return ::grpc::Status();
    }
    return {::grpc::StatusCode::RESOURCE_EXHAUSTED,
            "there are " + std::to_string(max_) + " " + kind_ + " already"};
  }
  // Before the client is told that its stream has ended: it may open the next one then.
  void Leave() {
    absl::MutexLock lock(&mutex_);
    DUET_CHECK(open_ > 0, "a stream left that had not entered");
    --open_;
  }

 private:
  const size_t max_;
  const std::string kind_;
  absl::Mutex mutex_;
  size_t open_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace duet::rpc
