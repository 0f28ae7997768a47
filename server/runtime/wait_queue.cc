#include "server/runtime/wait_queue.h"

namespace duet::runtime {

void WaitQueue::PushBack(WaitNode* node) {
  node->previous_ = tail_;
  node->next_ = nullptr;
  (tail_ == nullptr ? head_ : tail_->next_) = node;
  tail_ = node;
  node->linked_ = true;
}

void WaitQueue::Finish(WaitNode* node, WaitOutcome outcome) {
  (node->previous_ == nullptr ? head_ : node->previous_->next_) = node->next_;
  (node->next_ == nullptr ? tail_ : node->next_->previous_) = node->previous_;
  node->linked_ = false;
  node->outcome_ = outcome;
  node->Wake();
}

void WaitQueue::FinishAll(WaitOutcome outcome) {
  while (head_ != nullptr) Finish(head_, outcome);
}

void WaitQueue::Cancel(WaitNode* node) {
  if (node->linked_) {
    Finish(node, WaitOutcome::kCancelled);
  } else if (node->outcome_ == WaitOutcome::kWaiting) {
    node->outcome_ = WaitOutcome::kCancelled;
  }
}

}  // namespace duet::runtime
