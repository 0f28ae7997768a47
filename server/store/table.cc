#include "server/store/table.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "server/base/check.h"

namespace duet::store {
namespace {

// The largest table that a 32-bit mask and size allow for.
constexpr size_t kMaxBuckets = size_t{1} << 28;

}  // namespace

void Table::Swap(Table& other) {
  buckets_.Swap(other.buckets_);
  mask_.Swap(other.mask_);
  size_.Swap(other.size_);
  std::swap(overflow_, other.overflow_);
}

void Table::Insert(Entry* entry, uint64_t hash, const HashFunction& hasher) {
  DUET_DCHECK((reinterpret_cast<uint64_t>(entry) & ~kPointerMask) == 0, "address out of range");
  const size_t count = bucket_count();
  // Grows at 7/8, where a hit still finds its key within 1.1 buckets on average.
  if (size() + 1 > count * (kSlots - 1)) Resize(std::max<size_t>(1, count * 2), hasher);
  Slot slot = TagOf(hash) | reinterpret_cast<uint64_t>(entry);
  size_t home = hash & mask();
  size_t end;
  while ((slot = Place(slot, home, &end)) != 0) {
    // Below a quarter full, it is equal hashes, which growing does not part.
    if (size() < bucket_count() * 2 || bucket_count() >= kMaxBuckets) {
      AddOverflow(slot);
      break;
    }
    Resize(bucket_count() * 2, hasher);
    home = hasher(EntryOf(slot)->key()) & mask();
  }
  ++size_;
}

// Robin Hood: walks on from `home`, and where it has come further than what lies there, it takes
// that place and walks on with what lay there.
Slot Table::Place(Slot slot, size_t home, size_t* end) {
  Bucket* const all = buckets();
  const size_t last = mask();
  slot &= ~kDisplacementMask;
  size_t distance = 0;
  for (size_t index = home;; index = (index + 1) & last) {
    Bucket& bucket = all[index];
    if (!bucket.full()) {
      bucket.slots[bucket.used()] = slot | distance;
      *end = index;
      return 0;
    }
    Slot* nearest = std::min_element(bucket.slots, bucket.slots + kSlots, [](Slot a, Slot b) {
      return Displacement(a) < Displacement(b);
    });
    if (Displacement(*nearest) < distance) {
      const Slot taken = *nearest;
      *nearest = slot | distance;
      slot = taken & ~kDisplacementMask;
      distance = Displacement(taken);
    }
    if (++distance > kMaxDisplacement) return slot;
  }
}

Entry* Table::Exchange(Slot* slot, Entry* entry) {
  Entry* const old = EntryOf(*slot);
  *slot = (*slot & ~kPointerMask) | reinterpret_cast<uint64_t>(entry);
  return old;
}

Entry* Table::Remove(Slot* slot, const HashFunction& hasher) {
  Entry* const entry = EntryOf(*slot);
  Slot* const first = buckets()->slots;
  if (slot >= first && slot < first + bucket_count() * kSlots) {
    const auto place = static_cast<size_t>(slot - first);
    FillHole(place / kSlots, place % kSlots);
  } else {
    *slot = overflow_->back();
    overflow_->pop_back();
  }
  --size_;
  if (overflow_ != nullptr) RetryOverflow(hasher);
  // Shrinks at a quarter, to a half.
  if (bucket_count() > 1 && size() < bucket_count() * 2) Resize(bucket_count() / 2, hasher);
  return entry;
}

// Keeps invariants 1 to 3: the hole wanders towards the end of the cluster.
void Table::FillHole(size_t index, size_t hole) {
  Bucket* const all = buckets();
  while (true) {
    Bucket& bucket = all[index];
    const size_t back = bucket.used() - 1;
    bucket.slots[hole] = bucket.slots[back];
    bucket.slots[back] = 0;
    if (back != kSlots - 1) return;  // was not full: nothing was displaced past it
    index = (index + 1) & mask();
    Bucket& next = all[index];
    Slot* const furthest = std::max_element(next.slots, next.slots + kSlots, [](Slot a, Slot b) {
      return Displacement(a) < Displacement(b);
    });
    if (Displacement(*furthest) == 0) return;
    bucket.slots[back] = *furthest - 1;  // one bucket nearer to its home
    hole = static_cast<size_t>(furthest - next.slots);
  }
}

void Table::Resize(size_t bucket_count_wanted, const HashFunction& hasher) {
  DUET_CHECK(bucket_count_wanted <= kMaxBuckets, "too many keys in one shard");
  Bucket* const old = buckets();
  const size_t old_count = bucket_count();
  const size_t bytes = bucket_count_wanted * sizeof(Bucket);
  void* const memory = ::operator new (bytes, std::align_val_t{alignof(Bucket)});
  std::memset(memory, 0, bytes);
  buckets_ = static_cast<Bucket*>(memory);
  mask_ = static_cast<uint32_t>(bucket_count_wanted - 1);
  if (old == nullptr) return;
  MoveInto(old_count, old, hasher);
  ::operator delete (static_cast<void*>(old), std::align_val_t{alignof(Bucket)});
  if (overflow_ != nullptr) RetryOverflow(hasher);
}

void Table::MoveInto(size_t old_count, Bucket* old, const HashFunction& hasher) {
  const size_t new_count = bucket_count();
  // Whether home and tag together hold all the bits that the new home needs.
  const bool known = new_count < old_count ||
                     ((old_count >> kTagShift) != 0 && (new_count >> (kTagShift + kTagBits)) <= 1);
  Bucket* const all = buckets();
  // Kept beside, since reading back a bucket just written to stalls the processor.
  std::vector<uint8_t> used_of(new_count, 0);
  for (size_t index = 0; index < old_count; ++index) {
    const size_t used = old[index].used();
    for (size_t i = 0; i < used; ++i) {
      const Slot slot = old[index].slots[i];
      uint64_t hash = (index - Displacement(slot)) & (old_count - 1);
      if (known) {
        if (new_count > old_count) hash |= (slot >> 48) << kTagShift;
      } else {
        hash = hasher(EntryOf(slot)->key());
      }
      const size_t home = hash & (new_count - 1);
      if (used_of[home] < kSlots) {
        all[home].slots[used_of[home]++] = slot & ~kDisplacementMask;
        continue;
      }
      size_t end = 0;
      if (const Slot left = Place(slot, home, &end); left != 0) {
        AddOverflow(left);
      } else {
        ++used_of[end];
      }
    }
  }
}

void Table::AddOverflow(Slot slot) {
  if (overflow_ == nullptr) overflow_ = std::make_unique<std::vector<Slot>>();
  overflow_->push_back(slot & ~kDisplacementMask);
}

void Table::RetryOverflow(const HashFunction& hasher) {
  std::vector<Slot> waiting = std::move(*overflow_);
  overflow_.reset();
  for (const Slot slot : waiting) {
    const uint64_t hash = hasher(EntryOf(slot)->key());
    size_t end;
    if (const Slot left = Place(slot, hash & mask(), &end); left != 0) AddOverflow(left);
  }
}

void Table::Clear() {
  if (buckets() == nullptr) return;
  ForEach([](Entry& entry) { Entry::Destroy(&entry); });
  ::operator delete (static_cast<void*>(buckets()), std::align_val_t{alignof(Bucket)});
  buckets_ = nullptr;
  mask_ = 0;
  size_ = 0;
  overflow_.reset();
}

void Table::DestroyBuckets(size_t begin, size_t end) {
  for (size_t index = begin; index < end; ++index) {
    for (Slot& slot : buckets()[index].slots) {
      if (slot == 0) break;
      Entry::Destroy(EntryOf(slot));
      slot = 0;
    }
  }
}

const Entry* Table::At(size_t place) const {
  const size_t in_buckets = bucket_count() * kSlots;
  if (place < in_buckets) return EntryOf(buckets()[place / kSlots].slots[place % kSlots]);
  return EntryOf((*overflow_)[place - in_buckets]);
}

void Table::PrefetchEntry(uint64_t hash) const {
  FindIf(hash, [](const Entry& entry) {
    __builtin_prefetch(&entry);
    __builtin_prefetch(reinterpret_cast<const char*>(&entry) + 63);
    return true;
  });
}

void Table::CheckInvariants(const HashFunction& hasher) const {
  size_t found = overflow_size();
  for (size_t index = 0; index < bucket_count(); ++index) {
    const Bucket& bucket = buckets()[index];
    found += bucket.used();
    for (size_t i = 0; i < kSlots; ++i) {
      const Slot slot = bucket.slots[i];
      DUET_CHECK((slot != 0) == (i < bucket.used()), "invariant 1");
      if (slot == 0) continue;
      const uint64_t hash = hasher(EntryOf(slot)->key());
      DUET_CHECK((slot & kTagMask) == TagOf(hash), "the tag");
      DUET_CHECK(((index - Displacement(slot)) & mask()) == (hash & mask()), "the displacement");
      for (size_t d = 1; d <= Displacement(slot); ++d) {
        const Bucket& before = buckets()[(index - d) & mask()];
        DUET_CHECK(before.full(), "invariant 2");
      }
      if (Displacement(slot) == 0) continue;
      for (const Slot earlier : buckets()[(index - 1) & mask()].slots) {
        DUET_CHECK(Displacement(earlier) + 1 >= Displacement(slot), "invariant 3");
      }
    }
  }
  DUET_CHECK(found == size(), "the size");
}

}  // namespace duet::store
