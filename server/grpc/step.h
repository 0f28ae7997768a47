// One step of a call on a gRPC completion queue, as something that a coroutine awaits.
//
//   Step step;
//   bool ok = co_await step.On([&](void* tag) { stream.Read(&request, tag); });
//
// On() hands the step to gRPC as the operation's tag and gives gRPC's `ok` when the operation has
// completed. The coroutine goes on on the thread that drained it from the queue.
//
// Cancellation. gRPC completes every operation that was started, so the coroutine is always
// resumed; `ok` is then false:
//   a request for a call    the server shuts down; there is no call
//   Read                    the client has half-closed, cancelled or gone; or the deadline passed
//   Write, Finish           the call is over; nothing was sent, and nothing more can be
//
// Thread class: one operation at a time; lives in the coroutine's frame or longer.
#pragma once

#include <coroutine>

#include "server/runtime/completion.h"

namespace duet::rpc {

class Step final : public runtime::Completion {
 public:
  template <typename Start>
  auto On(Start start) {
    struct Awaiter {
      Step& step;
      Start start;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> handle) {
        step.handle_ = handle;
        // The last thing: another thread may resume the coroutine before it returns.
        start(static_cast<void*>(static_cast<runtime::Completion*>(&step)));
      }
      bool await_resume() const noexcept { return step.ok_; }
    };
    return Awaiter{*this, start};
  }

  void Complete(bool ok) override {
    ok_ = ok;
    handle_.resume();
  }

 private:
  std::coroutine_handle<> handle_;
  bool ok_ = false;
};

}  // namespace duet::rpc
