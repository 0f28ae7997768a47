#include "server/commands/lazy_free.h"

#include <algorithm>
#include <utility>

namespace duet::commands {
namespace {

constexpr size_t kBucketsAtOnce = 150;  // about a thousand keys
constexpr int64_t kLeastNs = 100'000;
constexpr int64_t kMostNs = 1'000'000;

}  // namespace

void LazyFree::Add(std::unique_ptr<store::Garbage> garbage) {
  const uint64_t keys = garbage->keys();
  absl::MutexLock lock(&mutex_);
  pending_ += keys;
  queue_.push_back(std::move(garbage));
}

bool LazyFree::FreeSome(const Clock& clock) {
  const int64_t begin_ns = clock.MonotonicNs();
  const int64_t end_ns = begin_ns + std::clamp((begin_ns - freed_ns_) / 2, kLeastNs, kMostNs);
  bool more = true;
  do {
    more = FreeStep();
    freed_ns_ = clock.MonotonicNs();
  } while (more && freed_ns_ < end_ns);
  return more;
}

bool LazyFree::FreeStep() {
  if (current_ == nullptr) {
    absl::MutexLock lock(&mutex_);
    if (queue_.empty()) return false;
    current_ = std::move(queue_.front());
    queue_.pop_front();
    current_keys_ = current_->keys();
  }
  if (current_->FreeSome(kBucketsAtOnce)) return true;
  current_.reset();
  absl::MutexLock lock(&mutex_);
  pending_ -= current_keys_;
  freed_ += current_keys_;
  return !queue_.empty();
}

uint64_t LazyFree::pending() const {
  absl::MutexLock lock(&mutex_);
  return pending_;
}

uint64_t LazyFree::freed() const {
  absl::MutexLock lock(&mutex_);
  return freed_;
}

void LazyFree::ResetFreed() {
  absl::MutexLock lock(&mutex_);
  freed_ = 0;
}

}  // namespace duet::commands
