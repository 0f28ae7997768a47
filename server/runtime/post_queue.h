// Completions posted to a worker by other threads: an intrusive stack that many push to and one
// takes whole, turned round into first-in first-out order.
//
// Thread class: Push() is thread-safe; TakeAll() and Pop() belong to the worker.
#pragma once

#include <atomic>

#include "server/runtime/completion.h"

namespace duet::runtime {

// A plain first-in first-out chain of completions. Thread-compatible.
class PostQueue {
 public:
  bool empty() const { return head_ == nullptr; }

  void PushBack(Completion* completion) {
    completion->next_ = nullptr;
    if (tail_ == nullptr) {
      head_ = completion;
    } else {
      tail_->next_ = completion;
    }
    tail_ = completion;
  }

  // Null when empty. The completion may be destroyed or posted again at once.
  Completion* PopFront() {
    Completion* front = head_;
    if (front == nullptr) return nullptr;
    head_ = front->next_;
    if (head_ == nullptr) tail_ = nullptr;
    return front;
  }

  // Moves all of `other` behind what is here.
  void Append(PostQueue& other) {
    if (other.empty()) return;
    if (empty()) {
      head_ = other.head_;
    } else {
      tail_->next_ = other.head_;
    }
    tail_ = other.tail_;
    other.head_ = other.tail_ = nullptr;
  }

  // The part that other threads push to.
  class Shared {
   public:
    // Thread-safe. Sequentially consistent: the worker's "I am going to sleep" and a push must not
    // pass each other.
    void Push(Completion* completion) {
      Completion* head = head_.load(std::memory_order_relaxed);
      do {
        completion->next_ = head;
      } while (!head_.compare_exchange_weak(head, completion, std::memory_order_seq_cst,
                                            std::memory_order_relaxed));
    }
    bool empty() const { return head_.load(std::memory_order_seq_cst) == nullptr; }

    // Appends everything pushed so far to `into`, oldest first.
    void TakeAll(PostQueue& into) {
      if (head_.load(std::memory_order_relaxed) == nullptr) return;
      Completion* newest = head_.exchange(nullptr, std::memory_order_acquire);
      PostQueue taken;
      taken.tail_ = newest;
      while (newest != nullptr) {
        Completion* older = newest->next_;
        newest->next_ = taken.head_;
        taken.head_ = newest;
        newest = older;
      }
      into.Append(taken);
    }

   private:
    std::atomic<Completion*> head_{nullptr};
  };

 private:
  Completion* head_ = nullptr;
  Completion* tail_ = nullptr;
};

}  // namespace duet::runtime
