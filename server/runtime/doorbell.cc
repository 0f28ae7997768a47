#include "server/runtime/doorbell.h"

#include <utility>

#include "server/base/check.h"
#include "server/runtime/worker.h"

namespace duet::runtime {

void Doorbell::Attach(Worker& worker, Handler& handler) {
  absl::MutexLock lock(&mutex_);
  DUET_DCHECK(handler_ == nullptr, "one handler at a time");
  worker_ = &worker;
  handler_ = &handler;
  if (rung_.load(std::memory_order_relaxed) && posted_to_ == nullptr) Post();
}

void Doorbell::Detach() {
  absl::MutexLock lock(&mutex_);
  worker_ = nullptr;
  handler_ = nullptr;
}

void Doorbell::Ring() {
  if (rung_.exchange(true, std::memory_order_acq_rel)) return;
  absl::MutexLock lock(&mutex_);
  if (worker_ != nullptr && posted_to_ == nullptr) Post();
}

void Doorbell::Post() {
  posted_to_ = worker_;
  while_posted_ = shared_from_this();
  worker_->PostFromAnyThread(&chime_);
}

void Doorbell::OnPosted(bool ok) {
  std::shared_ptr<Doorbell> self;  // the bell may have nobody else left
  Handler* handler = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    self = std::exchange(while_posted_, nullptr);
    Worker* const here = std::exchange(posted_to_, nullptr);
    if (!ok || worker_ == nullptr) return;
    // The handler has moved: its bell rings where it lives now, since only there it can be called.
    if (worker_ != here) return Post();
    handler = handler_;
    // Before the handler looks for mail: who rings later rings again.
    rung_.exchange(false, std::memory_order_acq_rel);
  }
  // The handler detaches on this thread only, so that it is still there.
  handler->OnRing();
}

}  // namespace duet::runtime
