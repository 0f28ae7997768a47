// What the 16 access bits of an entry mean. Which of the two meanings holds, the memory policy
// says; when it changes, what the bits hold is read in the new way, as in Redis.
//
//   used when (LRU, and all policies but LFU)   the time of the last use, in ticks of two seconds
//   used how often (LFU)                        | minutes at the last use, 8 | uses, 8 |
//
// The tick wraps around after 36 hours: what has not been used for longer looks as if it had been
// used that much later. The minutes wrap around after four hours, and an unused entry whose count
// should have fallen by more than 255 minutes' worth keeps the rest of it. Redis has 24 bits, and
// days; two more bytes an entry are not worth that.
//
// Uses are counted on a logarithmic scale: the count c of an entry goes up with a probability of
// 1 / ((c - 5) * lfu-log-factor + 1), a new entry starts at 5, and every lfu-decay-time minutes
// without a use take one away. Source: redis.conf, "lfu-log-factor".
//
// Thread-safe: functions of their arguments only.
#pragma once

#include <cstdint>

#include "server/base/memory_limits.h"
#include "server/store/access_rule.h"

namespace duet::commands {

// The last use was at `now_ms`, or `idle_ms` before it.
uint16_t BitsOfUse(int64_t now_ms, int64_t idle_ms = 0);
// Time since the last use, to two seconds. 0 for a use that another worker made a moment ago, by a
// clock reading that is ahead of `now_ms`.
int64_t IdleMs(uint16_t bits, int64_t now_ms);

inline constexpr uint8_t kFreshCount = 5;

uint16_t BitsOfCount(uint8_t count, int64_t now_ms);
// The count now. `decay_minutes` 0: it never falls.
uint8_t CountOfUses(uint16_t bits, int64_t now_ms, int decay_minutes);
// After one more use; `random` decides whether it is counted.
uint16_t CountUse(uint16_t bits, int64_t now_ms, int decay_minutes, int log_factor,
                  uint64_t random);

// The rule for the commands of a batch. Unless `counts`, nothing that a command does to entries is
// a use of them; set anew for each.
class AccessClock final : public store::AccessRule {
 public:
  // `limits` outlives the clock; the policy that holds now is the batch's.
  AccessClock(const SharedMemoryLimits& limits, int64_t now_ms, uint64_t random)
      : limits_(limits), now_ms_(now_ms), random_(random) {
    if (IsLfu(limits.policy)) {
      fresh = BitsOfCount(kFreshCount, now_ms);
      after_use = &AfterCountedUse;
    } else {
      fresh = BitsOfUse(now_ms);
    }
  }

 private:
  static uint16_t AfterCountedUse(AccessRule& rule, uint16_t bits);

  const SharedMemoryLimits& limits_;
  const int64_t now_ms_;
  uint64_t random_;
};

}  // namespace duet::commands
