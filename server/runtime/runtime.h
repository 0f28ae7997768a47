// The runtime: the workers, the tasks that run on them, and the balance between them.
//
//   Runtime runtime({.threads = 2, .clock = &clock});
//   runtime.Start();
//   JoinHandle<> main = runtime.Spawn(Serve(...));
//   main.JoinBlocking();
//   runtime.ShutdownAndJoinBlocking();
//
// Start-up order: block the signals (shutdown_signal.h), Runtime, listeners, Start().
//
// Thread class: Spawn(), SpawnOn(), worker() and WorkerForNewConnection() are thread-safe; the rest
// belongs to the thread that owns the runtime.
#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "server/base/clock.h"
#include "server/runtime/activation.h"
#include "server/runtime/gate.h"
#include "server/runtime/join_handle.h"
#include "server/runtime/load_balancer.h"
#include "server/runtime/task.h"
#include "server/runtime/worker.h"

namespace duet::runtime {

struct RuntimeOptions {
  int threads = 0;  // 0: one a CPU that the container may use (cpu_limit.h); 1: single-threaded
  size_t read_buffer_bytes = 64 * 1024;  // each worker has three of them
  int spin_us = 0;                       // 0..20, see WorkerOptions
  const Clock* clock = nullptr;          // null: the system's. Must outlive the runtime
  ActivationOptions activation = {};
  CpuProbe* cpu_probe = nullptr;    // null: the system's. Must outlive the runtime
  BusyProbe* busy_probe = nullptr;  // null: the workers' own figures. Must outlive the runtime
};

class Runtime {
 public:
  explicit Runtime(const RuntimeOptions& options);
  // REQUIRES: not started, or shut down.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Starts the threads. Tasks spawned before wait for it.
  void Start();

  // Starts a task, on this worker if called on one, else on worker 0. It never runs inline. Once
  // the shutdown has begun tasks are not started, and their join gives "cancelled".
  template <typename T>
  JoinHandle<T> Spawn(Task<T> task) {
    return SpawnOn(HomeWorker(), std::move(task));
  }
  template <typename T>
  JoinHandle<T> SpawnOn(Worker& where, Task<T> task) {
    Gate::Pass pass = tasks_.Enter();
    const bool open = static_cast<bool>(pass);
    auto* state = new internal::JoinState<T>(std::move(task), std::move(pass));
    JoinHandle<T> handle(state);
    if (open) {
      where.Post(state);
    } else {
      state->Cancel();
    }
    return handle;
  }

  int size() const { return static_cast<int>(workers_.size()); }
  Worker& worker(int index) { return *workers_[index]; }
  const Worker& worker(int index) const { return *workers_[index]; }
  // How many workers take connections now.
  int active_workers() const { return balancer_->active(); }
  // Where a new connection should live: mostly worker 0.
  Worker& WorkerForNewConnection() { return balancer_->WorkerForNewConnection(); }
  LoadBalancer& balancer() { return *balancer_; }
  // The worker that calls, or worker 0 from threads that are no worker of this runtime.
  Worker& HomeWorker();
  const Clock& clock() const { return *clock_; }
  // Those who keep the runtime alive: every task spawned here or in a TaskGroup.
  Gate& tasks() { return tasks_; }

  // Starts no more tasks, waits until all tasks have ended (cancel them first, or this waits for
  // ever), then stops the workers. Called on a thread that is not the runtime's.
  void ShutdownAndJoinBlocking();

 private:
  const SystemClock system_clock_;
  const Clock* const clock_;
  const std::unique_ptr<CpuProbe> own_cpu_probe_;
  Gate tasks_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<BusyProbe> own_busy_probe_;
  std::unique_ptr<LoadBalancer> balancer_;
  std::vector<std::thread> threads_;
};

}  // namespace duet::runtime
