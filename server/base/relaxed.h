// A number that one thread at a time writes (under a lock) and any thread reads without it: no torn
// values, no ordering, and no locked instruction.
#pragma once

#include <atomic>

namespace duet {

template <typename T>
class Relaxed {
 public:
  Relaxed(T value = T{}) : value_(value) {}  // NOLINT: converts as a plain T does
  Relaxed(const Relaxed&) = delete;
  Relaxed& operator=(const Relaxed&) = delete;

  operator T() const { return value_.load(std::memory_order_relaxed); }  // NOLINT
  T get() const { return *this; }
  Relaxed& operator=(T value) {
    value_.store(value, std::memory_order_relaxed);
    return *this;
  }
  Relaxed& operator+=(T value) { return *this = get() + value; }
  Relaxed& operator-=(T value) { return *this = get() - value; }
  Relaxed& operator++() { return *this += 1; }
  Relaxed& operator--() { return *this -= 1; }
  void Swap(Relaxed& other) {
    const T held = get();
    *this = other.get();
    other = held;
  }

 private:
  std::atomic<T> value_;
};

}  // namespace duet
