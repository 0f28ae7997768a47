#include "server/commands/rates.h"

namespace duet::commands {

void Rates::Sample(const Totals& totals, int64_t now_ms) {
  const Figures current = {totals.commands, totals.bytes_in, totals.bytes_out};
  const int64_t elapsed_ms = now_ms - last_ms_;
  const bool usable = started_ && elapsed_ms > 0;
  for (size_t figure = 0; usable && figure < kFigures; ++figure) {
    const uint64_t grown = current[figure] - last_totals_[figure];
    samples_[next_][figure] = grown * 1000 / static_cast<uint64_t>(elapsed_ms);
    uint64_t sum = 0;
    for (const Figures& sample : samples_) sum += sample[figure];
    per_second_[figure].store(sum / kSamples, std::memory_order_relaxed);
  }
  if (usable) next_ = (next_ + 1) % kSamples;
  if (started_ && !usable) return;  // the clock stood still, or was set back
  started_ = true;
  last_totals_ = current;
  last_ms_ = now_ms;
}

}  // namespace duet::commands
