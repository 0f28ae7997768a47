// Task<T>: a coroutine that runs when it is awaited and gives one T.
//
//   Task<int> Answer() { co_return 42; }
//   Task<> Caller() { int n = co_await Answer(); ... }
//
// Lazy: nothing runs before the co_await (or Spawn). Awaiting transfers control symmetrically, so
// a chain of any length needs no stack. The caller's frame owns the callee's. A task that is
// suspended must not be destroyed: cancellation is a result that it returns, not its destruction.
// Nothing is thrown in this house: an exception that leaves a task ends the process.
//
// Thread class: worker-bound: a task runs on one worker at a time, and is handed over whole.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "server/base/check.h"
#include "server/runtime/completion.h"

namespace duet::runtime {

template <typename T = void>
class Task;

namespace internal {

class TaskPromiseBase {
 public:
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      TaskPromiseBase& promise = self.promise();
      if (promise.continuation_) return promise.continuation_;
      // A spawned task has no caller; its owner is told, and may destroy this frame at once.
      promise.on_done_->Complete(true);
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() const noexcept { std::terminate(); }

  void set_continuation(std::coroutine_handle<> caller) { continuation_ = caller; }
  void set_on_done(Completion* on_done) { on_done_ = on_done; }

 private:
  std::coroutine_handle<> continuation_;
  Completion* on_done_ = nullptr;
};

template <typename T>
class TaskPromise final : public TaskPromiseBase {
 public:
  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T TakeResult() { return std::move(*value_); }

 private:
  std::optional<T> value_;
};

template <>
class TaskPromise<void> final : public TaskPromiseBase {
 public:
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void TakeResult() const {}
};

}  // namespace internal

template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      Destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { Destroy(); }

  // False for a default-constructed or moved-from task.
  explicit operator bool() const { return handle_ != nullptr; }

  // co_await std::move(task) or co_await F(...): runs it on this worker, gives its T.
  auto operator co_await() && {
    struct Awaiter {
      Handle callee;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) const noexcept {
        callee.promise().set_continuation(caller);
        return callee;
      }
      T await_resume() const { return callee.promise().TakeResult(); }
    };
    DUET_DCHECK(handle_, "awaited an empty task");
    return Awaiter{handle_};
  }

  // For owners of spawned tasks (spawned.h): runs the task on this thread until it first suspends;
  // on_done->Complete(true) follows when it has ended, on whichever worker it ended.
  void Start(Completion* on_done) {
    handle_.promise().set_on_done(on_done);
    handle_.resume();
  }
  // REQUIRES: the task has ended.
  T TakeResult() { return handle_.promise().TakeResult(); }

 private:
  void Destroy() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }

  Handle handle_;
};

namespace internal {

template <typename T>
Task<T> TaskPromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}

inline Task<void> TaskPromise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

}  // namespace internal

}  // namespace duet::runtime
