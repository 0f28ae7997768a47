// The deadlines of one shard and database: a binary heap of {deadline, 32 bits of hash}.
//
// Invariant: for each entry that expires at e, the heap has an item (t, h) with t <= e and h the
// low bits of the entry's hash. So a key whose expiry moves later (the session that every request
// refreshes) pushes nothing, and a deleted key leaves its item behind; who pops an item looks at
// the table for what it stood for (Shard::EraseExpired) and pushes again what is not due yet. When
// more than half of the items stand for nothing, and these are many beside the table, the heap is
// rebuilt from it.
//
// 12 bytes an item, exact to the millisecond, and nothing at all for keys without expiry; a timing
// wheel would need links in the entry, sampling would keep expired keys for an unbounded time.
// Thread-compatible: guarded by the shard's lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "server/base/relaxed.h"

namespace duet::store {

class ExpiryIndex {
 public:
  struct Item {
    int64_t deadline_ms;
    uint32_t hash;
  };

  static constexpr size_t kItemBytes = 12;

  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }

  // Any of them, the soonest first but in no other order; for choosing at random.
  // REQUIRES: i < size().
  Item At(size_t i) const { return {heap_[i].deadline_ms(), heap_[i].hash}; }
  // REQUIRES, for both: not empty.
  int64_t NextDeadlineMs() const { return heap_.front().deadline_ms(); }
  Item Pop();
  void Push(int64_t deadline_ms, uint64_t hash);
  // Takes one out that stands for nothing; others may change their places. REQUIRES: i < size().
  void Erase(size_t i);

  // Bookkeeping of a key whose expiry changes (kNoExpiry: none, no such key).
  void Count(int64_t old_expire_at_ms, int64_t new_expire_at_ms);
  // These any thread may read without the lock. The bytes are those of the heap.
  size_t allocated_bytes() const { return allocated_bytes_; }
  uint64_t keys() const { return keys_; }
  // Modulo 2^64: the sum of expiries less keys() * now is right, though the sum may overflow.
  uint64_t deadline_sum_ms() const { return deadline_sum_ms_; }

  // Is a walk over a table of `entries` due?
  bool MostlyStale(size_t entries) const { return heap_.size() > 64 + 2 * keys_ + entries / 4; }
  // Whether an item stands for a key with this hash and expiry. For tests: looks at all items.
  bool Covers(int64_t expire_at_ms, uint64_t hash) const;
  // Starts over with `items`.
  void Rebuild(const std::vector<Item>& items);
  void ShrinkIfSparse();  // gives memory back when three quarters of it are unused
  void Clear();           // forgets all keys and gives the memory back; the counters below stay
  // The other's keys for these; the counters below stay where they are.
  void Swap(ExpiryIndex& other);

  Relaxed<uint64_t> expired;         // keys erased because their time had come
  Relaxed<uint64_t> expired_lazily;  // of these, by a command that ran into them

 private:
  // An Item without padding.
  struct Packed {
    uint32_t deadline_low;
    uint32_t deadline_high;
    uint32_t hash;
    int64_t deadline_ms() const {
      return static_cast<int64_t>(uint64_t{deadline_high} << 32 | deadline_low);
    }
  };
  static_assert(sizeof(Packed) == kItemBytes);
  static Packed Pack(int64_t deadline_ms, uint64_t hash) {
    const auto bits = static_cast<uint64_t>(deadline_ms);
    return {static_cast<uint32_t>(bits), static_cast<uint32_t>(bits >> 32),
            static_cast<uint32_t>(hash)};
  }
  static bool Later(const Packed& a, const Packed& b) { return a.deadline_ms() > b.deadline_ms(); }

  void Grow(size_t items);  // to room for `items` and a fifth more

  std::vector<Packed> heap_;
  Relaxed<uint64_t> keys_;
  Relaxed<uint64_t> deadline_sum_ms_;
  Relaxed<size_t> allocated_bytes_;
};

}  // namespace duet::store
