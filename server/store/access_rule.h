// How the 16 bits that an entry keeps of its use follow that use. The store keeps them; what they
// mean is the business of who makes the rule (server/commands/access_clock.h).
//
// Thread-compatible: a rule belongs to one command.
#pragma once

#include <cstdint>

namespace duet::store {

struct AccessRule {
  uint16_t fresh = 0;   // of an entry that is new
  bool counts = false;  // false: what is found or overwritten keeps its bits
  // What a use makes of the bits of an entry. Null: `fresh`.
  uint16_t (*after_use)(AccessRule& rule, uint16_t bits) = nullptr;

  uint16_t AfterUse(uint16_t bits) { return after_use == nullptr ? fresh : after_use(*this, bits); }
};

}  // namespace duet::store
