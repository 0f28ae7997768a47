#include "server/commands/access_clock.h"

#include <algorithm>

#include "server/base/random.h"

namespace duet::commands {
namespace {

constexpr int64_t kTickMs = 2000;
// What cannot be told from the future is taken for half of the way around.
constexpr int64_t kMostIdleTicks = 0x7fff;
// Readings of a clock differ by no more than this from worker to worker.
constexpr uint16_t kMostTicksAhead = 16;
constexpr uint8_t kMostMinutesAhead = 1;
constexpr int64_t kMinuteMs = 60'000;
constexpr uint8_t kMostCount = 255;

uint8_t MinuteOf(int64_t now_ms) { return static_cast<uint8_t>(now_ms / kMinuteMs); }

}  // namespace

uint16_t BitsOfUse(int64_t now_ms, int64_t idle_ms) {
  const int64_t idle_ticks = std::min(idle_ms / kTickMs, kMostIdleTicks);
  return static_cast<uint16_t>(now_ms / kTickMs - idle_ticks);
}

int64_t IdleMs(uint16_t bits, int64_t now_ms) {
  const auto ticks_ahead = static_cast<uint16_t>(bits - BitsOfUse(now_ms));
  if (ticks_ahead <= kMostTicksAhead) return 0;
  return (0x10000 - int64_t{ticks_ahead}) * kTickMs;
}

uint16_t BitsOfCount(uint8_t count, int64_t now_ms) {
  return static_cast<uint16_t>(MinuteOf(now_ms) << 8 | count);
}

uint8_t CountOfUses(uint16_t bits, int64_t now_ms, int decay_minutes) {
  const auto count = static_cast<uint8_t>(bits);
  if (decay_minutes == 0) return count;
  const auto minutes_ahead = static_cast<uint8_t>((bits >> 8) - MinuteOf(now_ms));
  if (minutes_ahead <= kMostMinutesAhead) return count;
  const int fallen = (0x100 - int{minutes_ahead}) / decay_minutes;
  return static_cast<uint8_t>(std::max(count - fallen, 0));
}

uint16_t CountUse(uint16_t bits, int64_t now_ms, int decay_minutes, int log_factor,
                  uint64_t random) {
  const uint8_t count = CountOfUses(bits, now_ms, decay_minutes);
  if (count == kMostCount) return BitsOfCount(count, now_ms);
  const auto above = static_cast<uint64_t>(std::max(count - kFreshCount, 0));
  const uint64_t one_in = above * static_cast<uint64_t>(log_factor) + 1;
  const bool counted = Below(random, one_in) == 0;
  return BitsOfCount(static_cast<uint8_t>(count + (counted ? 1 : 0)), now_ms);
}

uint16_t AccessClock::AfterCountedUse(AccessRule& rule, uint16_t bits) {
  auto& self = static_cast<AccessClock&>(rule);
  self.random_ = Mix(self.random_);
  return CountUse(bits, self.now_ms_, self.limits_.lfu_decay_minutes, self.limits_.lfu_log_factor,
                  self.random_);
}

}  // namespace duet::commands
