#include "server/commands/memory_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "server/base/random.h"

namespace duet::commands {
namespace {

constexpr int64_t kRefreshMs = 10;
constexpr int64_t kRefreshSoonMs = 2;
// What a worker may write before it looks at the sum again.
constexpr uint64_t kMostAllowance = 64 * 1024;
// Keys evicted between two looks at the clock.
constexpr int kEvictedAtOnce = 16;

// How long a command may evict. Source: redis.conf, "maxmemory-eviction-tenacity": 50 us for each
// of the first ten, 15 % more for each one beyond, no end at 100.
int64_t EvictionLimitNs(int tenacity) {
  constexpr int64_t kLinearNs = 50'000;
  if (tenacity <= 10) return kLinearNs * tenacity;
  if (tenacity >= 100) return std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(10 * kLinearNs * std::pow(1.15, tenacity - 10));
}

}  // namespace

MemoryBound::MemoryBound(ServerContext& server, ReadAllocated read_allocated, uint64_t seed)
    : server_(server),
      read_allocated_(read_allocated),
      counted_before_(Counted()),
      refreshed_ms_(std::numeric_limits<int64_t>::min()) {
  limits_.Set(MemoryLimits{});
  for (size_t i = 0; i < server.metrics->size(); ++i) {
    seed = Mix(seed);
    workers_.push_back(std::make_unique<Worker>(*server.store, seed));
  }
}

MemoryBound::~MemoryBound() = default;

void MemoryBound::SetLimits(const MemoryLimits& limits) {
  limits_.Set(limits);
  settings_.fetch_add(1);
  server_.modes.Set(kMemoryBound, limits.max_bytes != 0);
}

uint64_t MemoryBound::Counted() const {
  auto bytes = static_cast<uint64_t>(server_.store->UnclaimedGrowth());
  const metrics::Registry& registry = *server_.metrics;
  for (size_t i = 0; i < registry.size(); ++i) bytes += registry.worker(i).data_growth.Value();
  return bytes;
}

// One worker may have counted what it freed, and another not yet what it took: not less than
// nothing.
uint64_t MemoryBound::DataBytes() const {
  const auto bytes = static_cast<int64_t>(Counted() - counted_before_);
  return static_cast<uint64_t>(std::max<int64_t>(bytes, 0));
}

void MemoryBound::Refresh(int64_t now_ms, int64_t age_ms) {
  if (read_allocated_ == nullptr) return;
  int64_t last_ms = refreshed_ms_.load(std::memory_order_relaxed);
  if (now_ms >= last_ms && now_ms < last_ms + age_ms) return;
  if (!refreshed_ms_.compare_exchange_strong(last_ms, now_ms)) return;  // another does it
  const uint64_t allocated = read_allocated_();
  const uint64_t data = DataBytes();
  outside_bytes_.store(allocated - std::min(allocated, data), std::memory_order_relaxed);
}

uint64_t MemoryBound::UsedBytes(int64_t now_ms) {
  Refresh(now_ms, kRefreshMs);
  const uint64_t used = outside_bytes_.load(std::memory_order_relaxed) + DataBytes();
  if (used > peak_bytes_.load(std::memory_order_relaxed)) {
    peak_bytes_.store(used, std::memory_order_relaxed);
  }
  return used;
}

uint64_t MemoryBound::UsedBytesNow(int64_t now_ms) {
  Refresh(now_ms, kRefreshSoonMs);
  return UsedBytes(now_ms);
}

uint64_t MemoryBound::PeakBytes(int64_t now_ms) {
  const uint64_t used = UsedBytes(now_ms);
  return std::max(used, peak_bytes_.load(std::memory_order_relaxed));
}

MemoryBound::Room MemoryBound::LookForRoom(metrics::WorkerCounters& counters, int64_t now_ms) {
  Worker& worker = *workers_[counters.place];
  worker.settings = settings_.load(std::memory_order_relaxed);
  worker.look_again_ms = now_ms + kRefreshMs;
  const MemoryLimits limits = limits_.Get();
  uint64_t used = UsedBytes(now_ms);
  if (limits.max_bytes != 0 && used > limits.max_bytes) {
    // What clients had not read may be gone by now: no key has to go for it.
    used = UsedBytesNow(now_ms);
  }
  uint64_t allowance = 0;
  Room room = Room::kEnough;
  if (limits.max_bytes == 0) {
    allowance = kMostAllowance;
  } else if (used <= limits.max_bytes) {
    // Half, so that all workers together cannot use up what is free.
    allowance = std::min((limits.max_bytes - used) / (2 * workers_.size()), kMostAllowance);
  } else {
    const int64_t started_ns = server_.clock->MonotonicNs();
    room = EvictUntilEnough(worker, counters, limits, now_ms, started_ns);
    const int64_t took_ms = (server_.clock->MonotonicNs() - started_ns) / 1'000'000;
    server_.trace.NoteEvent("eviction-cycle", took_ms, now_ms);
  }
  worker.enough_until = counters.data_growth.Value() + allowance;
  return room;
}

MemoryBound::Room MemoryBound::EvictUntilEnough(Worker& worker, metrics::WorkerCounters& counters,
                                                const MemoryLimits& limits, int64_t now_ms,
                                                int64_t started_ns) {
  if (limits.policy == MemoryPolicy::kNoEviction) return Room::kNone;
  const int64_t limit_ns = EvictionLimitNs(limits.tenacity);
  for (int evicted = 0; UsedBytes(now_ms) > limits.max_bytes; ++evicted) {
    const bool pause = evicted % kEvictedAtOnce == kEvictedAtOnce - 1;
    if (pause && server_.clock->MonotonicNs() - started_ns > limit_ns) return Room::kRunning;
    int64_t growth = 0;
    if (!worker.evictor.EvictOne(limits, now_ms, growth)) return Room::kNone;
    counters.data_growth.Add(static_cast<uint64_t>(growth));
    counters.evicted_keys.Add();
  }
  return Room::kEnough;
}

}  // namespace duet::commands
