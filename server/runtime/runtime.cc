#include "server/runtime/runtime.h"

#include <pthread.h>

#include "absl/strings/str_cat.h"

#include "server/base/check.h"
#include "server/runtime/cpu_limit.h"
#include "server/runtime/cpu_probe.h"

namespace duet::runtime {

Runtime::Runtime(const RuntimeOptions& options)
    : clock_(options.clock != nullptr ? options.clock : &system_clock_),
      own_cpu_probe_(options.cpu_probe != nullptr ? nullptr : std::make_unique<SystemCpuProbe>()) {
  const int threads = options.threads > 0 ? options.threads : AvailableCpus();
  const WorkerOptions worker_options{
      .read_buffer_bytes = options.read_buffer_bytes, .spin_us = options.spin_us, .clock = clock_};
  for (int i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<Worker>(this, i, worker_options));
  }
  own_busy_probe_ = std::make_unique<WorkerBusyProbe>(&workers_);
  balancer_ = std::make_unique<LoadBalancer>(
      &workers_, options.activation,
      options.cpu_probe != nullptr ? options.cpu_probe : own_cpu_probe_.get(),
      options.busy_probe != nullptr ? options.busy_probe : own_busy_probe_.get());
}

Runtime::~Runtime() { DUET_CHECK(threads_.empty(), "the runtime was not shut down"); }

void Runtime::Start() {
  DUET_CHECK(threads_.empty(), "the runtime was started twice");
  for (const auto& worker : workers_) {
    LoopObserver* observer = worker->index() == 0 ? balancer_.get() : nullptr;
    threads_.emplace_back([&worker = *worker, observer] {
      pthread_setname_np(pthread_self(), absl::StrCat("duet-io-", worker.index()).c_str());
      worker.RunBlocking(observer);
    });
  }
}

Worker& Runtime::HomeWorker() {
  for (const auto& worker : workers_) {
    if (worker->RunsOnThisThread()) return *worker;
  }
  return *workers_[0];
}

void Runtime::ShutdownAndJoinBlocking() {
  tasks_.Close();
  if (threads_.empty()) return;
  tasks_.DrainedBlocking();
  for (const auto& worker : workers_) worker->RequestStop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace duet::runtime
