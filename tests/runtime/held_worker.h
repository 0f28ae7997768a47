// Holds a worker between two turns of its loop, so that a test decides what its next turn finds.
#pragma once

#include "absl/synchronization/notification.h"

#include "server/runtime/worker.h"

namespace duet::runtime {

// The worker stands still while it lives. Thread class: the test's thread.
class HeldWorker final : private Completion {
 public:
  explicit HeldWorker(Worker& worker) {
    worker.PostFromAnyThread(this);
    held_.WaitForNotification();
  }
  ~HeldWorker() override {
    go_.Notify();
    gone_.WaitForNotification();
  }

 private:
  void Complete(bool /*ok*/) override {
    held_.Notify();
    go_.WaitForNotification();
    gone_.Notify();
  }

  absl::Notification held_;
  absl::Notification go_;
  absl::Notification gone_;
};

}  // namespace duet::runtime
