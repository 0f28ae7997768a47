#include "server/runtime/waiter.h"

#include "server/base/check.h"

namespace duet::runtime {

namespace internal {
namespace {
thread_local Executor* current_executor = nullptr;
}  // namespace

Executor* CurrentExecutor() { return current_executor; }
void SetCurrentExecutor(Executor* executor) { current_executor = executor; }
}  // namespace internal

void Waiter::Bind(std::coroutine_handle<> handle) {
  handle_ = handle;
  executor_ = internal::CurrentExecutor();
  DUET_CHECK(executor_ != nullptr, "a coroutine suspended outside the runtime's threads");
}

void Waiter::Complete(bool) { handle_.resume(); }

}  // namespace duet::runtime
