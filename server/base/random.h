// Arithmetic for random choices that need not be secret. The randomness comes from the caller.
#pragma once

#include <cstdint>

namespace duet {

// Another number, as random as `x` looks (splitmix64's output function). Source: G. Steele et al.,
// "Fast splittable pseudorandom number generators".
constexpr uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// A number below `bound`, as good as `random` is (the high part of the product).
constexpr uint64_t Below(uint64_t random, uint64_t bound) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(random) * bound) >> 64);
}

}  // namespace duet
