// How much happens per second now: INFO's instantaneous figures.
//
// As in Redis, the average of the last 16 samples, which somebody takes about every 100 ms.
//
// Thread-safe; one thread at a time samples.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace duet::commands {

class Rates {
 public:
  // Totals since the start.
  struct Totals {
    uint64_t commands = 0;
    uint64_t bytes_in = 0;
    uint64_t bytes_out = 0;
  };

  void Sample(const Totals& totals, int64_t now_ms);

  uint64_t commands_per_second() const { return per_second_[0].load(std::memory_order_relaxed); }
  uint64_t bytes_in_per_second() const { return per_second_[1].load(std::memory_order_relaxed); }
  uint64_t bytes_out_per_second() const { return per_second_[2].load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kFigures = 3;
  static constexpr size_t kSamples = 16;
  using Figures = std::array<uint64_t, kFigures>;

  bool started_ = false;
  Figures last_totals_{};
  int64_t last_ms_ = 0;
  std::array<Figures, kSamples> samples_{};  // per second
  size_t next_ = 0;
  std::array<std::atomic<uint64_t>, kFigures> per_second_{};
};

}  // namespace duet::commands
