// gRPC's server completion queue as a source of the runtime's queue threads.
#pragma once

#include <memory>
#include <utility>

#include "grpcpp/completion_queue.h"

#include "server/runtime/completion.h"
#include "server/runtime/queue_threads.h"

namespace duet::rpc {

// Every tag on the queue is a runtime::Completion*. Thread-safe.
class CallQueue final : public runtime::CompletionSource {
 public:
  explicit CallQueue(std::unique_ptr<::grpc::ServerCompletionQueue> queue)
      : queue_(std::move(queue)) {}

  ::grpc::ServerCompletionQueue& queue() { return *queue_; }

  bool Next(runtime::Completion** completion, bool* ok) override {
    void* tag = nullptr;
    if (!queue_->Next(&tag, ok)) return false;
    *completion = static_cast<runtime::Completion*>(tag);
    return true;
  }
  // REQUIRES: the server is shut down and no coroutine starts operations any more.
  void Shutdown() override { queue_->Shutdown(); }

 private:
  const std::unique_ptr<::grpc::ServerCompletionQueue> queue_;
};

}  // namespace duet::rpc
