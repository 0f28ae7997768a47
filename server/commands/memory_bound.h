// maxmemory: how much memory is used, and room for the next write.
//
// Used is what the process has allocated. Asking the allocator costs tens of microseconds, so that
// is done every 10 ms at the most, and every 2 ms while all is used or INFO asks; in between, the
// size of the data itself is known to the byte: whoever runs commands counts what they add and take
// (WorkerCounters::data_growth, summed over a handful of workers), and the store counts the rest.
// What INFO says is the same figure.
//
//   used = (allocated - data, when last asked) + data now
//
// While a worker has plenty of room, it does not even sum: it may write an allowance, a share of
// what is free, before it looks again. When all is used, each command first evicts until it is not
// (evictor.h), as long as maxmemory-eviction-tenacity lets it; then commands go on while the
// server's background task evicts the rest. The bound is one of allocated memory, as in Redis:
// resident memory is that and what the allocator cannot use of its pages.
//
// Thread class: thread-safe, but MakeRoom is worker-bound: by the worker whose counters it gets.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "server/base/clock.h"
#include "server/base/memory_limits.h"
#include "server/commands/evictor.h"
#include "server/commands/server_context.h"
#include "server/metrics/worker_counters.h"
#include "server/store/store.h"

namespace duet::commands {

class MemoryBound {
 public:
  // Bytes that the process has allocated.
  using ReadAllocated = uint64_t (*)();

  // `server` outlives the bound; its store, clock and counters are set. `read_allocated` null:
  // nothing counts but the data (tests).
  MemoryBound(ServerContext& server, ReadAllocated read_allocated, uint64_t seed);
  ~MemoryBound();
  MemoryBound(const MemoryBound&) = delete;
  MemoryBound& operator=(const MemoryBound&) = delete;

  // CONFIG SET; turns the mode kMemoryBound on or off.
  void SetLimits(const MemoryLimits& limits);
  const SharedMemoryLimits& limits() const { return limits_; }

  uint64_t UsedBytes(int64_t now_ms);
  // As UsedBytes, of the last 2 ms: for those who ask once (INFO).
  uint64_t UsedBytesNow(int64_t now_ms);
  // Entries, tables and indexes of the store.
  uint64_t DataBytes() const;
  // The most that has been used, as often as somebody asked.
  uint64_t PeakBytes(int64_t now_ms);
  // What was used when the server was ready. 0: it is not yet.
  uint64_t startup_bytes() const { return startup_bytes_.load(std::memory_order_relaxed); }
  void NoteStartup(int64_t now_ms) { startup_bytes_ = UsedBytes(now_ms); }

  enum class Room : uint8_t {
    kEnough,
    kRunning,  // not enough, and more keys to evict
    kNone,     // not enough, and no key that may be evicted
  };
  // Evicts if need be. Counts evicted keys. REQUIRES: the calling thread holds no shard.
  Room MakeRoom(metrics::WorkerCounters& counters, int64_t now_ms) {
    const Worker& worker = *workers_[counters.place];
    const auto room = static_cast<int64_t>(worker.enough_until - counters.data_growth.Value());
    if (room > 0 && now_ms < worker.look_again_ms &&
        worker.settings == settings_.load(std::memory_order_relaxed)) {
      return Room::kEnough;
    }
    return LookForRoom(counters, now_ms);
  }

 private:
  struct alignas(64) Worker {
    Worker(store::Store& store, uint64_t seed) : evictor(store, seed) {}

    uint64_t enough_until = 0;  // a value of the worker's data_growth
    int64_t look_again_ms = std::numeric_limits<int64_t>::min();
    uint32_t settings = 0;  // that these two were found out under
    Evictor evictor;
  };

  uint64_t Counted() const;
  Room LookForRoom(metrics::WorkerCounters& counters, int64_t now_ms);
  Room EvictUntilEnough(Worker& worker, metrics::WorkerCounters& counters,
                        const MemoryLimits& limits, int64_t now_ms, int64_t started_ns);
  // Asks the allocator, unless somebody did within `age_ms`.
  void Refresh(int64_t now_ms, int64_t age_ms);

  ServerContext& server_;
  const ReadAllocated read_allocated_;
  const uint64_t counted_before_;  // what the counters held when the bound was made
  SharedMemoryLimits limits_;
  std::atomic<uint32_t> settings_{0};  // grows when the limits change
  std::atomic<int64_t> refreshed_ms_;
  std::atomic<uint64_t> outside_bytes_{0};  // allocated, and not data
  std::atomic<uint64_t> peak_bytes_{0};
  std::atomic<uint64_t> startup_bytes_{0};
  std::vector<std::unique_ptr<Worker>> workers_;  // by WorkerCounters::place
};

}  // namespace duet::commands
