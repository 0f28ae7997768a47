// The owner's end of a spawned task.
//
//   JoinHandle<int> handle = runtime.Spawn(Answer());
//   JoinResult<int> result = co_await handle.Join();   // nullopt: cancelled, never ran
//
// Join once, from a coroutine or (Blocking) from a thread that is not the runtime's, before the
// handle dies: every task has an owner that sees its end.
//
// Thread class: thread-compatible; the handle may be joined on another worker than its task's.
#pragma once

#include <atomic>
#include <coroutine>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "server/base/check.h"
#include "server/runtime/gate.h"
#include "server/runtime/spawned.h"
#include "server/runtime/wait_queue.h"

namespace duet::runtime {

// The task's value; nothing if it was cancelled: the runtime was shutting down and never started
// it.
template <typename T>
using JoinResult = std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>>;

namespace internal {

// Shared by the running task and its handle; the last of the two frees it.
template <typename T>
class JoinState final : public Spawned<T> {
 public:
  JoinState(Task<T> task, Gate::Pass pass) : Spawned<T>(std::move(task)), pass_(std::move(pass)) {}

  class [[nodiscard]] JoinAwaiter final : public WaitAwaiter<JoinAwaiter> {
   public:
    explicit JoinAwaiter(JoinState* state)
        : WaitAwaiter<JoinAwaiter>(&state->mutex_, &state->waiters_, CancelToken()),
          state_(state) {}
    JoinResult<T> await_resume() {
      this->EndWait();
      return state_->TakeResult();
    }

   private:
    friend class WaitAwaiter<JoinAwaiter>;
    bool TryLocked() {
      state_->mutex_.AssertHeld();
      return state_->done_;
    }
    JoinState* const state_;
  };

  JoinAwaiter Join() { return JoinAwaiter(this); }
  JoinResult<T> JoinBlocking() {
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&done_));
    }
    return TakeResult();
  }
  bool done() const {
    absl::MutexLock lock(&mutex_);
    return done_;
  }
  // For a task that is never started: frees it, the join gives nothing.
  void Cancel() {
    this->task_ = Task<T>();
    Finish();
  }
  void Unref() {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  ~JoinState() override = default;

  void OnDone() override {
    if constexpr (std::is_void_v<T>) {
      result_.emplace();
    } else {
      result_.emplace(this->task_.TakeResult());
    }
    this->task_ = Task<T>();
    Finish();
  }

  void Finish() {
    const Gate::Pass pass = std::move(pass_);  // the runtime lives until all of this is over
    {
      absl::MutexLock lock(&mutex_);
      done_ = true;
      waiters_.FinishAll(WaitOutcome::kGranted);
    }
    Unref();
  }

  JoinResult<T> TakeResult() { return std::move(result_); }

  Gate::Pass pass_;
  JoinResult<T> result_;  // written before done_, read after it
  mutable absl::Mutex mutex_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  WaitQueue waiters_;  // guarded by mutex_
  std::atomic<int> references_{2};
};

}  // namespace internal

template <typename T>
class [[nodiscard]] JoinHandle {
 public:
  JoinHandle() = default;
  explicit JoinHandle(internal::JoinState<T>* state) : state_(state) {}
  JoinHandle(JoinHandle&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  JoinHandle& operator=(JoinHandle&& other) noexcept {
    if (this != &other) {
      Drop();
      state_ = std::exchange(other.state_, nullptr);
    }
    return *this;
  }
  ~JoinHandle() { Drop(); }

  // co_await, once: waits for the task's end. Resumes on the worker that awaits. Cannot be
  // cancelled: cancel the task. The handle must live until it has resumed.
  auto Join() { return state_->Join(); }
  // The same, for threads that are not the runtime's.
  JoinResult<T> JoinBlocking() { return state_->JoinBlocking(); }
  bool done() const { return state_->done(); }

 private:
  void Drop() {
    if (state_ == nullptr) return;
    DUET_DCHECK(state_->done(), "a JoinHandle died before its task: join it");
    std::exchange(state_, nullptr)->Unref();
  }

  internal::JoinState<T>* state_ = nullptr;
};

}  // namespace duet::runtime
