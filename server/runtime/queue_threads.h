// The threads that drain a completion queue which is not epoll: gRPC's.
//
// One thread drains it; a further one is activated, by the same policy as the I/O workers', only
// when the active ones are saturated and a core is idle (a second thread on gRPC's queue doubles
// the CPU of a unary call), and goes back to sleep when the load falls.
//
// Coroutines that these threads resume run on them until they next suspend. What the queue itself
// completes resumes on a queue thread again; what the runtime completes (channels, semaphores,
// joins) resumes on the home worker.
//
// Thread class: thread-safe, but for Start() and ShutdownAndJoinBlocking(): the owner's.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "server/runtime/activation.h"
#include "server/runtime/completion.h"
#include "server/runtime/worker_figures.h"

namespace duet::runtime {

// A queue of completed operations. Thread-safe.
class CompletionSource {
 public:
  virtual ~CompletionSource() = default;
  // Blocks until an operation has completed. False once the queue is shut down and empty.
  virtual bool Next(Completion** completion, bool* ok) = 0;
  // After it, Next() gives what is left and then false.
  virtual void Shutdown() = 0;
};

struct QueueThreadsOptions {
  std::string name = "duet-grpc";  // of the threads; at most 12 characters
  int max_threads = 1;
  Executor* home = nullptr;       // required: where other completions resume these coroutines
  CpuProbe* cpu_probe = nullptr;  // required if max_threads > 1
  ActivationOptions activation = {};
};

class QueueThreads {
 public:
  // `source`, home and probe must outlive it.
  QueueThreads(CompletionSource* source, const QueueThreadsOptions& options);
  ~QueueThreads();
  QueueThreads(const QueueThreads&) = delete;
  QueueThreads& operator=(const QueueThreads&) = delete;

  void Start();
  // Shuts the source down, drains it, joins the threads.
  void ShutdownAndJoinBlocking();

  int size() const { return static_cast<int>(threads_.size()); }
  int active() const { return active_.load(std::memory_order_relaxed); }
  // The index of the calling thread, -1 if it is none of these.
  int ThisThreadIndex() const;
  // Only `events` is counted here; a queue thread cannot see when it waits.
  const WorkerFigures& figures(int index) const { return threads_[index]->figures; }
  // CPU time of one thread while it runs.
  int64_t CpuNs(int index) const;

 private:
  struct ThreadState {
    std::thread thread;
    WorkerFigures figures;
    std::atomic<clockid_t> cpu_clock{-1};
  };

  void RunBlocking(int index);
  void ParkBlocking(int index) ABSL_LOCKS_EXCLUDED(mutex_);
  void MaybeEndWindow() ABSL_LOCKS_EXCLUDED(mutex_);
  void EndWindow(int64_t now_ns) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  CompletionSource* const source_;
  const QueueThreadsOptions options_;
  std::vector<std::unique_ptr<ThreadState>> threads_;
  std::atomic<int> active_{1};
  std::atomic<int64_t> window_end_ns_{0};

  absl::Mutex mutex_;  // parked threads sleep on it; the window's arithmetic
  ActivationPolicy policy_ ABSL_GUARDED_BY(mutex_);
  std::vector<int64_t> last_cpu_ns_ ABSL_GUARDED_BY(mutex_);
  int64_t window_start_ns_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace duet::runtime
