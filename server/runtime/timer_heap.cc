#include "server/runtime/timer_heap.h"

#include "server/base/check.h"

namespace duet::runtime {

void TimerHeap::Put(size_t place, TimerNode* node) {
  heap_[place] = node;
  node->place_ = place;
}

void TimerHeap::SiftUp(size_t place, TimerNode* node) {
  while (place > 0) {
    const size_t parent = (place - 1) / 2;
    if (!Before(node, heap_[parent])) break;
    Put(place, heap_[parent]);
    place = parent;
  }
  Put(place, node);
}

void TimerHeap::SiftDown(size_t place, TimerNode* node) {
  for (;;) {
    size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && Before(heap_[child + 1], heap_[child])) ++child;
    if (!Before(heap_[child], node)) break;
    Put(place, heap_[child]);
    place = child;
  }
  Put(place, node);
}

void TimerHeap::Add(TimerNode* node, int64_t deadline_ns) {
  DUET_DCHECK(!node->scheduled(), "the timer is already scheduled");
  node->deadline_ns_ = deadline_ns;
  node->sequence_ = next_sequence_++;
  heap_.push_back(node);
  SiftUp(heap_.size() - 1, node);
}

bool TimerHeap::Remove(TimerNode* node) {
  if (!node->scheduled()) return false;
  const size_t place = node->place_;
  node->place_ = TimerNode::kNowhere;
  TimerNode* last = heap_.back();
  heap_.pop_back();
  if (last == node) return true;
  // The last node fills the gap; it may belong above or below it.
  if (place > 0 && Before(last, heap_[(place - 1) / 2])) {
    SiftUp(place, last);
  } else {
    SiftDown(place, last);
  }
  return true;
}

size_t TimerHeap::FireDue(int64_t now_ns) {
  const uint64_t end_sequence = next_sequence_;
  size_t fired = 0;
  while (!heap_.empty()) {
    TimerNode* first = heap_.front();
    if (first->deadline_ns_ > now_ns || first->sequence_ >= end_sequence) break;
    Remove(first);
    first->OnTimer();
    ++fired;
  }
  return fired;
}

}  // namespace duet::runtime
