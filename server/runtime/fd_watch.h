// Waits until a descriptor is readable, for descriptors that are not streams (signals, event
// counters). Does not own the descriptor and does not read it.
//
// Thread class: worker-bound. Destroyed on its worker with no wait pending.
#pragma once

#include <coroutine>
#include <cstdint>

#include "server/runtime/waiter.h"
#include "server/runtime/worker.h"

namespace duet::runtime {

class FdWatch final : private EventHandler {
 public:
  FdWatch(Worker& worker, int fd) : worker_(worker), fd_(fd) {}
  ~FdWatch();
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;

  class [[nodiscard]] ReadableAwaiter final : public Waiter {
   public:
    explicit ReadableAwaiter(FdWatch& watch) : watch_(watch) {}
    bool await_ready() const { return watch_.cancelled_; }
    void await_suspend(std::coroutine_handle<> handle) {
      BindTo(handle, nullptr);
      watch_.Start(this);
    }
    bool await_resume() const { return !watch_.cancelled_; }

   private:
    FdWatch& watch_;
  };

  // co_await: true when the descriptor is readable (or has failed), false if cancelled.
  ReadableAwaiter Readable() { return ReadableAwaiter(*this); }
  // Ends the pending and all later waits; the coroutine is resumed inline.
  void Cancel();

 private:
  void Start(ReadableAwaiter* waiter);
  void Finish();
  void OnEvents(uint32_t events) override;

  Worker& worker_;
  const int fd_;
  bool cancelled_ = false;
  ReadableAwaiter* waiter_ = nullptr;  // registered at epoll while not null
};

}  // namespace duet::runtime
