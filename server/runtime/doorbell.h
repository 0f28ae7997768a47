// Wakes something that lives on one worker at a time and may move, from any thread: a connection
// for which others have left mail.
//
// Rings between two answers are one. A ring while nobody is attached is kept for the next who is.
//
// Thread class: Ring() is thread-safe; Attach() and Detach() belong to the worker that they name.
#pragma once

#include <atomic>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "server/runtime/completion.h"

namespace duet::runtime {

class Worker;

class Doorbell final : public std::enable_shared_from_this<Doorbell> {
 public:
  class Handler {
   public:
    // On the worker that it is attached to, from its loop. May detach, and be destroyed.
    virtual void OnRing() = 0;

   protected:
    ~Handler() = default;
  };

  // Owned by a shared_ptr: a ring that is on its way keeps the bell alive.
  static std::shared_ptr<Doorbell> Make() { return std::shared_ptr<Doorbell>(new Doorbell()); }

  // On `worker`: rings reach `handler` from now on. REQUIRES: nobody is attached.
  void Attach(Worker& worker, Handler& handler) ABSL_LOCKS_EXCLUDED(mutex_);
  // On the worker: no ring reaches the handler any more.
  void Detach() ABSL_LOCKS_EXCLUDED(mutex_);

  void Ring() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  class Chime final : public Completion {
   public:
    explicit Chime(Doorbell& bell) : bell_(bell) {}
    void Complete(bool ok) override { bell_.OnPosted(ok); }

   private:
    Doorbell& bell_;
  };

  Doorbell() : chime_(*this) {}
  void Post() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnPosted(bool ok) ABSL_LOCKS_EXCLUDED(mutex_);

  absl::Mutex mutex_;
  std::atomic<bool> rung_{false};
  Worker* worker_ ABSL_GUARDED_BY(mutex_) = nullptr;
  Handler* handler_ ABSL_GUARDED_BY(mutex_) = nullptr;
  Worker* posted_to_ ABSL_GUARDED_BY(mutex_) = nullptr;  // where chime_ waits
  std::shared_ptr<Doorbell> while_posted_ ABSL_GUARDED_BY(mutex_);
  Chime chime_;
};

}  // namespace duet::runtime
