// What one worker counts of itself, for metrics and for the load balancer.
//
// Thread class: written by one thread, read by any.
#pragma once

#include <atomic>
#include <cstdint>

namespace duet::runtime {

// A figure with a single writer: an addition is a load, an add and a store, no lock prefix.
class Figure {
 public:
  void Add(uint64_t n = 1) { Set(Value() + n); }
  void Set(uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  uint64_t Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

struct alignas(64) WorkerFigures {
  Figure loops;         // turns of the loop
  Figure events;        // I/O events dispatched
  Figure posts;         // posted completions run
  Figure timers;        // timers fired
  Figure wakeups;       // times that another thread woke the worker
  Figure busy_ns;       // time outside epoll_wait
  Figure idle_ns;       // time inside it
  Figure queue_length;  // posts found at the last turn
  Figure lag_ns;        // length of the last turn: how long its last event waited for its turn
  Figure max_lag_ns;    // longest turn so far
};

}  // namespace duet::runtime
