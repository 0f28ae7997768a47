#include "server/base/clock.h"

#include <chrono>

namespace duet {
namespace {

template <typename Unit, typename Source>
int64_t Since() {
  return std::chrono::duration_cast<Unit>(Source::now().time_since_epoch()).count();
}

double CalibrateTicksPerUs() {
  using SteadyClock = std::chrono::steady_clock;
  constexpr auto kWindow = std::chrono::milliseconds(5);
  const auto start = SteadyClock::now();
  const uint64_t start_ticks = CycleClock::Now();
  auto now = start;
  while (now - start < kWindow) now = SteadyClock::now();
  const uint64_t ticks = CycleClock::Now() - start_ticks;
  const double us = std::chrono::duration<double, std::micro>(now - start).count();
  return static_cast<double>(ticks) / us;
}

}  // namespace

int64_t SystemClock::WallMs() const {
  return Since<std::chrono::milliseconds, std::chrono::system_clock>();
}

int64_t SystemClock::WallUs() const {
  return Since<std::chrono::microseconds, std::chrono::system_clock>();
}

int64_t SystemClock::MonotonicNs() const {
  return Since<std::chrono::nanoseconds, std::chrono::steady_clock>();
}

double CycleClock::TicksPerUs() {
  static const double ticks_per_us = CalibrateTicksPerUs();
  return ticks_per_us;
}

uint64_t CycleClock::FallbackNow() {
  return static_cast<uint64_t>(Since<std::chrono::nanoseconds, std::chrono::steady_clock>());
}

}  // namespace duet
