#include "server/store/expiry_index.h"

#include <algorithm>
#include <utility>

#include "server/store/entry.h"
#include "server/store/size_class.h"

namespace duet::store {

namespace {
constexpr size_t kWorthShrinking = 256;  // items
}  // namespace

ExpiryIndex::Item ExpiryIndex::Pop() {
  std::pop_heap(heap_.begin(), heap_.end(), Later);
  const Item item{heap_.back().deadline_ms(), heap_.back().hash};
  heap_.pop_back();
  return item;
}

void ExpiryIndex::Push(int64_t deadline_ms, uint64_t hash) {
  if (heap_.size() == heap_.capacity()) Grow(heap_.size());
  heap_.push_back(Pack(deadline_ms, hash));
  std::push_heap(heap_.begin(), heap_.end(), Later);
}

// The last item takes the place, and goes from there up or down to where the heap has it.
void ExpiryIndex::Erase(size_t i) {
  const Packed last = heap_.back();
  heap_.pop_back();
  if (i == heap_.size()) return;
  for (; i > 0 && Later(heap_[(i - 1) / 2], last); i = (i - 1) / 2) heap_[i] = heap_[(i - 1) / 2];
  for (size_t child = 2 * i + 1; child < heap_.size(); child = 2 * i + 1) {
    if (child + 1 < heap_.size() && Later(heap_[child], heap_[child + 1])) ++child;
    if (!Later(last, heap_[child])) break;
    heap_[i] = heap_[child];
    i = child;
  }
  heap_[i] = last;
}

void ExpiryIndex::Count(int64_t old_expire_at_ms, int64_t new_expire_at_ms) {
  if (old_expire_at_ms != kNoExpiry) {
    --keys_;
    deadline_sum_ms_ -= static_cast<uint64_t>(old_expire_at_ms);
  }
  if (new_expire_at_ms != kNoExpiry) {
    ++keys_;
    deadline_sum_ms_ += static_cast<uint64_t>(new_expire_at_ms);
  }
}

bool ExpiryIndex::Covers(int64_t expire_at_ms, uint64_t hash) const {
  // The bits by which a table of less than 4M buckets knows a key.
  constexpr uint32_t kKnown = (uint32_t{1} << 22) - 1;
  return std::any_of(heap_.begin(), heap_.end(), [&](const Packed& item) {
    return ((item.hash ^ hash) & kKnown) == 0 && item.deadline_ms() <= expire_at_ms;
  });
}

void ExpiryIndex::Rebuild(const std::vector<Item>& items) {
  heap_ = std::vector<Packed>();  // `= {}` would keep the memory
  Grow(items.size());
  for (const Item& item : items) heap_.push_back(Pack(item.deadline_ms, item.hash));
  std::make_heap(heap_.begin(), heap_.end(), Later);
}

// By a fifth rather than to the double: it is a good part of the memory of a key with a TTL.
void ExpiryIndex::Grow(size_t items) {
  heap_.reserve(items + items / 5 + 8);
  allocated_bytes_ = SizeClass(heap_.capacity() * sizeof(Packed));
}

void ExpiryIndex::ShrinkIfSparse() {
  if (heap_.capacity() < kWorthShrinking || heap_.size() > heap_.capacity() / 4) return;
  std::vector<Packed> smaller;
  smaller.reserve(heap_.size() + heap_.size() / 5 + 8);
  smaller.assign(heap_.begin(), heap_.end());
  heap_ = std::move(smaller);
  allocated_bytes_ = SizeClass(heap_.capacity() * sizeof(Packed));
}

void ExpiryIndex::Clear() {
  heap_ = std::vector<Packed>();  // `= {}` would keep the memory
  keys_ = 0;
  deadline_sum_ms_ = 0;
  allocated_bytes_ = 0;
}

void ExpiryIndex::Swap(ExpiryIndex& other) {
  heap_.swap(other.heap_);
  keys_.Swap(other.keys_);
  deadline_sum_ms_.Swap(other.deadline_sum_ms_);
  allocated_bytes_.Swap(other.allocated_bytes_);
}

}  // namespace duet::store
