// XXH3, seeded: a key's hash, and the digest that DIGEST and IFDEQ name a value by.
#pragma once

#include <cstdint>
#include <string_view>

namespace duet {

// 64-bit XXH3 with a secret seed; the store's hash. Source: xxHash 0.8 specification.
uint64_t HashBytes(std::string_view bytes, uint64_t seed);
// 64 random bits from the kernel. Ends the process if the kernel has none.
uint64_t RandomSeed();

}  // namespace duet
