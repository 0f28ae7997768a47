#include "server/runtime/fd_watch.h"

#include <utility>

#include "server/base/check.h"

namespace duet::runtime {

FdWatch::~FdWatch() { DUET_CHECK(waiter_ == nullptr, "a watch died under its wait"); }

void FdWatch::Start(ReadableAwaiter* waiter) {
  DUET_DCHECK(worker_.RunsOnThisThread(), "a watch waits on its worker");
  DUET_DCHECK(waiter_ == nullptr, "two waits at once");
  waiter_ = waiter;
  worker_.Watch(fd_, EPOLLIN, this);
}

void FdWatch::Finish() {
  worker_.Unwatch(fd_, this);
  std::exchange(waiter_, nullptr)->Complete(true);
}

void FdWatch::OnEvents(uint32_t) { Finish(); }

void FdWatch::Cancel() {
  cancelled_ = true;
  if (waiter_ != nullptr) Finish();
}

}  // namespace duet::runtime
