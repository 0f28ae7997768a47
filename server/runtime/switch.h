// Changing the worker, and giving others their turn.
#pragma once

#include <coroutine>

#include "server/runtime/waiter.h"
#include "server/runtime/worker.h"

namespace duet::runtime {

// co_await SwitchTo(worker): goes on on `worker`, in a later turn of its loop, even if it runs
// there already (so it is also how a long computation yields). From any of the runtime's threads.
// Cannot be cancelled: it does not wait for anything.
class [[nodiscard]] SwitchTo final : private Waiter {
 public:
  explicit SwitchTo(Worker& worker) : worker_(worker) {}

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    BindTo(handle, &worker_);
    Wake();
  }
  void await_resume() const {}

 private:
  Worker& worker_;
};

}  // namespace duet::runtime
