// The timers of one worker: a binary heap by deadline, each node knowing its place, so that a timer
// is cancelled in O(log n) and without an allocation.
//
// Thread class: worker-bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace duet::runtime {

// One deadline. Embed it (timer.h does); it must not move or die while it is in a heap.
class TimerNode {
 public:
  TimerNode() = default;
  virtual ~TimerNode() = default;
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;

  bool scheduled() const { return place_ != kNowhere; }
  int64_t deadline_ns() const { return deadline_ns_; }

  // Called on the worker when the deadline has passed; the node is out of the heap by then, and may
  // be scheduled again or destroyed.
  virtual void OnTimer() = 0;

 private:
  friend class TimerHeap;
  static constexpr size_t kNowhere = ~size_t{0};

  int64_t deadline_ns_ = 0;
  uint64_t sequence_ = 0;  // ties go to the older one
  size_t place_ = kNowhere;
};

class TimerHeap {
 public:
  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }
  // REQUIRES: !empty().
  int64_t NextDeadlineNs() const { return heap_.front()->deadline_ns_; }

  // REQUIRES: not scheduled.
  void Add(TimerNode* node, int64_t deadline_ns);
  // True if it was scheduled and now never fires.
  bool Remove(TimerNode* node);
  // Fires what is due, oldest deadline first, but no timer added meanwhile (so a timer that starts
  // itself again with no delay cannot hold the worker). Returns how many fired.
  size_t FireDue(int64_t now_ns);

 private:
  static bool Before(const TimerNode* a, const TimerNode* b) {
    if (a->deadline_ns_ != b->deadline_ns_) return a->deadline_ns_ < b->deadline_ns_;
    return a->sequence_ < b->sequence_;
  }
  void Put(size_t place, TimerNode* node);
  void SiftUp(size_t place, TimerNode* node);
  void SiftDown(size_t place, TimerNode* node);

  std::vector<TimerNode*> heap_;
  uint64_t next_sequence_ = 0;
};

}  // namespace duet::runtime
