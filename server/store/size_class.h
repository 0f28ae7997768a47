// Allocations rounded up to jemalloc's size classes.
//
// The store rounds every request up itself. An allocator with these classes gives out exactly what
// is asked for, so that accounting and the decision to overwrite in place cost arithmetic instead
// of a look into the allocator's tables (a cache miss at 10 million keys); on another allocator it
// is still correct, only less tight. Source: jemalloc(3), "Size classes": 16-byte steps to 128,
// then four classes for each doubling.
#pragma once

#include <bit>
#include <cstddef>
#include <new>

namespace duet::store {

constexpr size_t SizeClass(size_t bytes) {
  if (bytes <= 16) return 16;
  if (bytes <= 128) return (bytes + 15) & ~size_t{15};
  const int shift = std::bit_width(bytes - 1) - 3;
  const size_t step = size_t{1} << shift;
  return (bytes + step - 1) & ~(step - 1);
}
// Gives back what ::operator new(bytes) gave. With the size, jemalloc need not look it up.
inline void Deallocate(void* memory, [[maybe_unused]] size_t bytes) {
#ifdef __cpp_sized_deallocation
  ::operator delete(memory, bytes);
#else  // clang without -fsized-deallocation
  ::operator delete(memory);
#endif
}

static_assert(SizeClass(56) == 64 && SizeClass(64) == 64 && SizeClass(65) == 80);
static_assert(SizeClass(129) == 160 && SizeClass(256) == 256 && SizeClass(257) == 320);

}  // namespace duet::store
