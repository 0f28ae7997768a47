// The tag of every asynchronous operation: a read, a timer, a posted task, a gRPC call's step.
//
// Whoever starts an operation hands a Completion to a queue; the thread that drains the queue calls
// Complete() once for it. A Completion belongs to whoever started the operation (mostly it lies in
// a coroutine's frame) and must live until then. It can wait in one post queue at a time.
#pragma once

namespace duet::runtime {

class Completion {
 public:
  Completion() = default;
  virtual ~Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  // Called on the thread that drained the queue; may destroy *this. `ok` is false when the queue
  // shuts down or the operation could not be started (gRPC's meaning).
  virtual void Complete(bool ok) = 0;

 private:
  friend class PostQueue;
  Completion* next_ = nullptr;  // link of the post queue that it waits in
};

// Something that runs completions: a worker.
// Thread-safe.
class Executor {
 public:
  // Runs completion->Complete(true) soon, on the executor's thread, in the order of the posts of
  // one thread. Never runs it inline.
  virtual void Post(Completion* completion) = 0;

 protected:
  ~Executor() = default;
};

}  // namespace duet::runtime
