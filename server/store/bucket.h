// A bucket of the table: eight slots in one cache line, searched at once. (Layout: table.h.)
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "server/store/entry.h"

namespace duet::store {

// A tag, an entry's address and the entry's displacement; 0: empty.
using Slot = uint64_t;

inline constexpr uint64_t kDisplacementMask = 15;
inline constexpr uint64_t kTagMask = uint64_t{0xffff} << 48;
inline constexpr uint64_t kPointerMask = ~kTagMask & ~kDisplacementMask;

inline Entry* EntryOf(Slot slot) { return reinterpret_cast<Entry*>(slot & kPointerMask); }
inline size_t Displacement(Slot slot) { return slot & kDisplacementMask; }

struct alignas(64) Bucket {
  static constexpr size_t kSlots = 8;

  Slot slots[kSlots];

  bool full() const { return slots[kSlots - 1] != 0; }
  // The slots in use, which come first.
  size_t used() const { return static_cast<size_t>(std::countr_zero(Empty() | 1u << kSlots)); }
  // Whether something here is less than `distance` away from its home.
  bool HasNearer(size_t distance) const {
    for (const Slot slot : slots) {
      if (Displacement(slot) < distance) return true;
    }
    return false;
  }
  // A bit for each slot with the tag and displacement of `wanted`; an empty slot may be among them.
  uint32_t Match(Slot wanted) const;
  // A bit for each empty slot.
  uint32_t Empty() const;
};
static_assert(sizeof(Bucket) == 64);

#if defined(__SSE2__)
// Four slots at a time: in `high` their upper halves, with the tags, in `low` their lower halves,
// with the displacements.
struct FourSlots {
  explicit FourSlots(const Slot* slots) {
    const __m128 a = _mm_load_ps(reinterpret_cast<const float*>(slots));
    const __m128 b = _mm_load_ps(reinterpret_cast<const float*>(slots + 2));
    low = _mm_castps_si128(_mm_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)));
    high = _mm_castps_si128(_mm_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
  }
  static uint32_t ZeroMask(__m128i four) {
    const __m128i zero = _mm_cmpeq_epi32(four, _mm_setzero_si128());
    return static_cast<uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(zero)));
  }
  __m128i low;
  __m128i high;
};

inline uint32_t Bucket::Match(Slot wanted) const {
  const auto each = [](uint64_t bits) { return _mm_set1_epi32(static_cast<int>(bits)); };
  const __m128i tag = each(wanted >> 32);
  const __m128i tag_mask = each(kTagMask >> 32);
  const __m128i displacement = each(wanted & kDisplacementMask);
  const __m128i displacement_mask = each(kDisplacementMask);
  const auto match = [&](const FourSlots& four) {
    return FourSlots::ZeroMask(
        _mm_or_si128(_mm_and_si128(_mm_xor_si128(four.high, tag), tag_mask),
                     _mm_and_si128(_mm_xor_si128(four.low, displacement), displacement_mask)));
  };
  return match(FourSlots(slots)) | match(FourSlots(slots + 4)) << 4;
}

inline uint32_t Bucket::Empty() const {
  const auto empty = [](const FourSlots& four) {
    return FourSlots::ZeroMask(_mm_or_si128(four.low, four.high));
  };
  return empty(FourSlots(slots)) | empty(FourSlots(slots + 4)) << 4;
}
#else
inline uint32_t Bucket::Match(Slot wanted) const {
  uint32_t bits = 0;
  for (size_t i = 0; i < kSlots; ++i) {
    bits |= static_cast<uint32_t>(((slots[i] ^ wanted) & ~kPointerMask) == 0) << i;
  }
  return bits;
}

inline uint32_t Bucket::Empty() const {
  uint32_t bits = 0;
  for (size_t i = 0; i < kSlots; ++i) bits |= static_cast<uint32_t>(slots[i] == 0) << i;
  return bits;
}
#endif

}  // namespace duet::store
