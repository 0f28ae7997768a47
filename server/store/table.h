// The hash table of one shard and one database: open addressing over buckets of one cache line.
//
// A bucket has eight slots, filled from the front. A slot is 64 bits:
//
//   63      48 47                    4 3          0
//   [  tag   ][ entry's address >> 4  ][displacement]
//
// Of a key's hash, the low k bits choose its home among 2^k buckets, bits 6..21 are its tag, and
// the top bits chose the shard. An entry whose home is full lies up to 15 buckets behind it (around
// the end), and its displacement says how far. Because the tag holds the bits by which a table of
// 64 to 4M buckets grows, growing reads no entry: it is one pass over the buckets (10 million keys
// in 1,024 shards: 128 KiB a shard, tens of microseconds), so tables grow in one step. Shards bound
// the pause.
//
// Invariants:
//  1. The slots in use of a bucket come first.
//  2. An entry displaced by d: the d buckets from its home on are full.
//  3. Robin Hood order: no home in a bucket is later than any in the bucket behind it. So a search
//  may
//     stop at the first bucket that is not full or holds a displacement smaller than the distance
//     walked, and at 7/8 load a displacement over 15 has a chance below 1e-13 a key.
//  4. What finds no place within 15 buckets of its home, which only keys with equal hashes bring
//     about, lies in the overflow list, searched last; erasing tries to bring it back.
//
// SCAN walks homes in reverse-binary order, as Redis does: growing splits a home h of 2^k into h
// and h + 2^k, which that order visits together, so a cursor stays right across resizes.
//
// Thread-compatible: guarded by the shard's lock, but for size(), bucket_count(), allocated_bytes()
// and PrefetchBucket, which any thread may call at any time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "server/base/relaxed.h"
#include "server/store/bucket.h"
#include "server/store/entry.h"

namespace duet::store {

// The hash of a key's bytes. Tests pass their own, to force collisions.
struct HashFunction {
  uint64_t (*function)(std::string_view bytes, uint64_t seed);
  uint64_t seed;
  uint64_t operator()(std::string_view bytes) const { return function(bytes, seed); }
};

class Table {
 public:
  static constexpr size_t kSlots = Bucket::kSlots;
  static constexpr size_t kMaxDisplacement = 15;

  Table() = default;
  ~Table() { Clear(); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  void Swap(Table& other);

  size_t size() const { return size_; }
  size_t bucket_count() const { return buckets() == nullptr ? 0 : mask() + 1; }
  size_t allocated_bytes() const { return bucket_count() * sizeof(Bucket); }
  size_t overflow_size() const { return overflow_ == nullptr ? 0 : overflow_->size(); }

  // The key's slot, valid until the next Insert or Remove; nullptr: no such key.
  Slot* Find(std::string_view key, uint64_t hash) const {
    return FindIf(hash, [key](const Entry& entry) { return entry.key() == key; });
  }
  // The first slot with this hash, as far as the table knows hashes (at least 22 bits of it), whose
  // entry satisfies `accept`.
  template <typename Accept>
  Slot* FindIf(uint64_t hash, Accept accept) const;

  // Takes `entry`. REQUIRES: its key is not in the table; `hash` is `hasher`'s of its key.
  void Insert(Entry* entry, uint64_t hash, const HashFunction& hasher);
  // Puts another entry with the same key into `slot`; returns the old one, which the caller owns.
  static Entry* Exchange(Slot* slot, Entry* entry);
  // Takes the entry out of the table and gives it to the caller. May shrink the table.
  Entry* Remove(Slot* slot, const HashFunction& hasher);
  void Clear();  // destroys all entries and gives back all memory
  // Destroys the entries in the buckets [begin, end): a part of Clear(), for a table that is of no
  // other use any more.
  void DestroyBuckets(size_t begin, size_t end);

  // Calls visit(const Entry&) for each entry whose home the cursor names, and returns the next
  // cursor; 0: that was the last.
  template <typename Visit>
  uint64_t ScanHome(uint64_t cursor, const HashFunction& hasher, Visit visit) const;
  template <typename Visit>
  void ForEach(Visit visit) const;  // visit(Entry&)
  // For choosing at random: places 0 .. PlaceCount() - 1, some of them empty (nullptr).
  size_t PlaceCount() const { return bucket_count() * kSlots + overflow_size(); }
  const Entry* At(size_t place) const;

  // Never dereferences the buckets, which may be freed at the same time.
  void PrefetchBucket(uint64_t hash) const {
    const Bucket* const all = buckets();
    __builtin_prefetch(reinterpret_cast<const char*>(all) + (hash & mask()) * sizeof(Bucket));
  }
  void PrefetchEntry(uint64_t hash) const;

  // Crashes if an invariant does not hold; for tests.
  void CheckInvariants(const HashFunction& hasher) const;

 private:
  static constexpr int kTagShift = 6;
  static constexpr int kTagBits = 16;

  static uint64_t TagOf(uint64_t hash) { return (hash >> kTagShift) << 48; }

  Bucket* buckets() const { return buckets_; }
  size_t mask() const { return mask_; }

  // Returns 0, having added one to the slots in use of bucket `*end`; or what had to leave because
  // all buckets within reach are full.
  Slot Place(Slot slot, size_t home, size_t* end);
  void Resize(size_t bucket_count, const HashFunction& hasher);
  void MoveInto(size_t from_bits, Bucket* from, const HashFunction& hasher);
  void FillHole(size_t index, size_t hole);
  void AddOverflow(Slot slot);
  void RetryOverflow(const HashFunction& hasher);

  Relaxed<Bucket*> buckets_;  // nullptr: never held a key, or cleared
  Relaxed<uint32_t> mask_;    // buckets - 1
  Relaxed<uint32_t> size_;
  std::unique_ptr<std::vector<Slot>> overflow_;
};

template <typename Accept>
Slot* Table::FindIf(uint64_t hash, Accept accept) const {
  Bucket* const all = buckets();
  if (all == nullptr) return nullptr;
  const size_t last = mask();
  const Slot tag = TagOf(hash);
  size_t index = hash & last;
  for (size_t distance = 0; distance <= kMaxDisplacement; ++distance) {
    Bucket& bucket = all[index];
    for (uint32_t bits = bucket.Match(tag | distance); bits != 0; bits &= bits - 1) {
      Slot& slot = bucket.slots[std::countr_zero(bits)];
      if (slot != 0 && accept(*EntryOf(slot))) return &slot;
    }
    if (!bucket.full() || (distance > 0 && bucket.HasNearer(distance))) break;
    index = (index + 1) & last;
  }
  if (overflow_ != nullptr) {
    for (Slot& slot : *overflow_) {
      if ((slot & kTagMask) == tag && accept(*EntryOf(slot))) return &slot;
    }
  }
  return nullptr;
}

template <typename Visit>
uint64_t Table::ScanHome(uint64_t cursor, const HashFunction& hasher, Visit visit) const {
  const Bucket* const all = buckets();
  if (all == nullptr) return 0;
  const uint64_t last = mask();
  const size_t home = cursor & last;
  size_t index = home;
  for (size_t distance = 0; distance <= kMaxDisplacement; ++distance) {
    const Bucket& bucket = all[index];
    for (const Slot slot : bucket.slots) {
      if (slot != 0 && Displacement(slot) == distance) visit(*EntryOf(slot));
    }
    if (!bucket.full()) break;
    index = (index + 1) & last;
  }
  if (overflow_ != nullptr) {
    for (const Slot slot : *overflow_) {
      if ((hasher(EntryOf(slot)->key()) & last) == home) visit(*EntryOf(slot));
    }
  }
  // Adds one to the bits of the mask, the highest first.
  for (uint64_t bit = (last + 1) >> 1; bit != 0; bit >>= 1) {
    cursor ^= bit;
    if (cursor & bit) return cursor & last;
  }
  return 0;
}

template <typename Visit>
void Table::ForEach(Visit visit) const {
  const size_t count = bucket_count();
  const Bucket* const all = buckets();
  constexpr size_t kAhead = 3;
  for (size_t index = 0; index < count; ++index) {
    if (index + kAhead < count) {
      for (const Slot slot : all[index + kAhead].slots) __builtin_prefetch(EntryOf(slot));
    }
    for (const Slot slot : all[index].slots) {
      if (slot == 0) break;
      visit(*EntryOf(slot));
    }
  }
  if (overflow_ != nullptr) {
    for (const Slot slot : *overflow_) visit(*EntryOf(slot));
  }
}

}  // namespace duet::store
