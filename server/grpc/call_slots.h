// How many coroutines wait for calls of one method.
//
// A slot is a coroutine that serves one call after the other with the same messages and context
// memory. Some wait at all times, so that a burst of calls finds tags to land on and no call pays
// for a frame. Where slots are held by clients that do not read their answers, further ones are
// opened, up to a limit; beyond it calls wait inside gRPC. Surplus slots end when their call does.
#pragma once

#include <atomic>

namespace duet::rpc {

// Thread-safe.
class CallSlots {
 public:
  // Opens further slots when fewer than `low` wait, keeps at most `high` waiting, `limit` in all.
  CallSlots(int low, int high, int limit) : low_(low), high_(high), limit_(limit) {}

  // Calls that are being served. A slot's own is one of them between CallCame and CallEnded.
  int serving() const {
    return total_.load(std::memory_order_relaxed) - waiting_.load(std::memory_order_relaxed);
  }
  int initial() const { return high_ / 2; }

  // A slot begins to exist, waiting.
  void Opened() {
    total_.fetch_add(1, std::memory_order_relaxed);
    waiting_.fetch_add(1, std::memory_order_relaxed);
  }
  // A call has come to a waiting slot. True: the caller opens a further slot.
  bool CallCame() {
    const int waiting = waiting_.fetch_sub(1, std::memory_order_relaxed) - 1;
    return waiting < low_ && total_.load(std::memory_order_relaxed) < limit_;
  }
  // A slot's call has ended. True: it waits again; false: it must end.
  bool CallEnded() {
    if (waiting_.load(std::memory_order_relaxed) >= high_) {
      total_.fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    waiting_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }

 private:
  const int low_;
  const int high_;
  const int limit_;
  std::atomic<int> waiting_{0};
  std::atomic<int> total_{0};
};

}  // namespace duet::rpc
