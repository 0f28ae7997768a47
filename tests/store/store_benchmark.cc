// What the store costs, without sockets: time of a hit with and without prefetched batches, the
// longest pause of a single insert, and resident bytes per key. 16-byte keys, 32-byte values, 1,024
// shards, locks included, one thread; jemalloc as in the server.
//
//   build/bin/store_benchmark --benchmark_filter=...   (10 million keys need 1.3 GiB)
#include <algorithm>
#include <ctime>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include "benchmark/benchmark.h"

#include "server/base/hash.h"
#include "server/store/database.h"
#include "server/store/shard_locks.h"
#include "server/store/store.h"
#include "server/store/table.h"

// As server/main.cc has it. jemalloc reads it at start.
const char* malloc_conf = "thp:always,metadata_thp:auto";

namespace duet::store {
namespace {

constexpr int64_t kNowMs = 1'700'000'000'000;
constexpr size_t kBatch = 16;
constexpr size_t kStream = 1 << 20;  // keys chosen in advance, so that choosing is not measured
const std::string kValue(32, 'v');

struct KeyText {
  char bytes[16];
  std::string_view view() const { return {bytes, sizeof bytes}; }
};

KeyText MakeText(uint64_t number) {
  KeyText text{{'k', 'e', 'y', ':'}};
  for (int i = 15; i >= 4; --i, number /= 10) text.bytes[i] = static_cast<char>('0' + number % 10);
  return text;
}

uint64_t Next(uint64_t& state) {  // xorshift64*
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1d;
}

size_t ResidentBytes() {
  size_t total = 0;
  size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

int64_t PageFaults() {
  rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_minflt;
}

int64_t ThreadNs() {  // does not run while another process has the core
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

void Set(Store& store, const Key& key, int64_t expire_at_ms = kNoExpiry) {
  ShardLocks locks(store);
  locks.Lock(key);
  Database(store, locks, 0, kNowMs).SetString(key, kValue, expire_at_ms);
}

void Get(Store& store, const Key& key) {
  ShardLocks locks(store);
  locks.Lock(key);
  IntegerText scratch;
  const Entry* entry = Database(store, locks, 0, kNowMs).Find(key);
  benchmark::DoNotOptimize(entry->StringView(scratch).back());
}

std::unique_ptr<Store> NewStore() {
  return std::make_unique<Store>(StoreOptions{.shard_bits = 10, .hash_seed = 1});
}

void Fill(Store& store, uint64_t keys, int64_t ttl_ms) {
  uint64_t random = 88172645463325252;
  for (uint64_t i = 0; i < keys; ++i) {
    const KeyText text = MakeText(i);
    const auto jitter_ms = static_cast<int64_t>(Next(random) % 1'000'000);
    Set(store, store.MakeKey(text.view()), ttl_ms == 0 ? kNoExpiry : kNowMs + ttl_ms + jitter_ms);
  }
}

// The store of the last benchmark is kept for the next one with as many keys.
Store& FilledStore(uint64_t keys) {
  static std::unique_ptr<Store> store;
  static uint64_t filled = 0;
  if (filled != keys) {
    store.reset();
    store = NewStore();
    Fill(*store, keys, 0);
    filled = keys;
  }
  return *store;
}

template <typename Operation>
void Hit(benchmark::State& state, bool prefetch, Operation operation) {
  const auto keys = static_cast<uint64_t>(state.range(0)) * 1'000'000;
  Store& store = FilledStore(keys);
  uint64_t random = 88172645463325252;
  std::vector<KeyText> stream(kStream);
  for (KeyText& text : stream) text = MakeText(Next(random) % keys);
  Key batch[kBatch];
  size_t at = 0;
  for (auto _ : state) {
    for (Key& key : batch) {
      key = store.MakeKey(stream[at++ % kStream].view());
      if (prefetch) store.PrefetchBucket(0, key.hash);
    }
    if (prefetch) {
      for (const Key& key : batch) store.PrefetchEntry(0, key.hash);
    }
    for (const Key& key : batch) operation(store, key);
  }
  state.counters["ns/op"] =
      benchmark::Counter(static_cast<double>(state.iterations() * kBatch) / 1e9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

const auto set = [](Store& store, const Key& key) { Set(store, key); };
BENCHMARK_CAPTURE(Hit, get, false, Get)->Arg(1)->Arg(10);
BENCHMARK_CAPTURE(Hit, get_prefetched, true, Get)->Arg(1)->Arg(10);
BENCHMARK_CAPTURE(Hit, set, false, set)->Arg(1)->Arg(10);
BENCHMARK_CAPTURE(Hit, set_prefetched, true, set)->Arg(1)->Arg(10);

// The insert that makes a shard's table grow to the given number of buckets: 2,048 at 7.3 million
// keys in 1,024 shards, 16,384 at 59 million. It is the longest thing that an insert does itself.
void Grow(benchmark::State& state) {
  const auto buckets = static_cast<size_t>(state.range(0));
  const HashFunction hasher{&HashBytes, 1};
  const size_t keys = buckets / 2 * (Bucket::kSlots - 1);
  int64_t worst_ns = 0;
  const auto insert = [&](Table& table, uint64_t number) {
    const KeyText text = MakeText(number);
    table.Insert(Entry::NewString(text.view(), kValue, kNoExpiry), hasher(text.view()), hasher);
  };
  for (auto _ : state) {
    Table table;
    for (uint64_t i = 0; i < keys; ++i) insert(table, i);
    const int64_t begin_ns = ThreadNs();
    insert(table, keys);
    const int64_t took_ns = ThreadNs() - begin_ns;
    if (table.bucket_count() != buckets) state.SkipWithError("did not grow");
    worst_ns = std::max(worst_ns, took_ns);
    state.SetIterationTime(static_cast<double>(took_ns) / 1e9);
  }
  state.counters["max_us"] = static_cast<double>(worst_ns) / 1000;
}
BENCHMARK(Grow)->Arg(2048)->Arg(4096)->Arg(16384)->UseManualTime()->Iterations(200)->Unit(
    benchmark::kMicrosecond);

// The longest single inserts on the way to the given millions of keys, in the thread's own time.
// Those in which the kernel had to give a fresh huge page are counted apart: zeroing it takes 0.2
// ms, and many times that where a hypervisor has yet to back it (measured with a bare mmap).
void InsertPause(benchmark::State& state) {
  const uint64_t keys = static_cast<uint64_t>(state.range(0)) * 1'000'000;
  const int64_t expire_at_ms = state.range(1) ? kNowMs + 1'000'000 : kNoExpiry;
  for (auto _ : state) {
    const auto store = NewStore();
    std::vector<int64_t> took_ns(keys);
    int64_t worst_fault_ns = 0;
    int64_t faults = PageFaults();
    const int64_t first_fault = faults;
    const int64_t begin_ns = ThreadNs();
    int64_t before_ns = begin_ns;
    for (uint64_t i = 0; i < keys; ++i) {
      const KeyText text = MakeText(i);
      Set(*store, store->MakeKey(text.view()), expire_at_ms);
      took_ns[i] = ThreadNs() - before_ns;
      const int64_t faults_now = PageFaults();
      if (faults_now != faults) {
        worst_fault_ns = std::max(worst_fault_ns, took_ns[i]);
        took_ns[i] = 0;
        faults = faults_now;
      }
      before_ns = ThreadNs();
    }
    const auto longest_us = [&](size_t rank) {
      const auto at = took_ns.begin() + static_cast<std::ptrdiff_t>(rank);
      std::nth_element(took_ns.begin(), at, took_ns.end(), std::greater<>());
      return static_cast<double>(*at) / 1000;
    };
    state.counters["max_us"] = longest_us(0);
    state.counters["11th_us"] = longest_us(10);
    state.counters["101st_us"] = longest_us(100);
    state.counters["1001st_us"] = longest_us(1000);
    state.counters["faults"] = static_cast<double>(faults - first_fault);
    state.counters["max_fault_us"] = static_cast<double>(worst_fault_ns) / 1000;
  }
}
BENCHMARK(InsertPause)
    ->ArgNames({"M", "ttl"})
    ->Args({10, 0})
    ->Args({10, 1})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// Run alone: what an earlier benchmark has freed is in the figure otherwise.
void Resident(benchmark::State& state) {
  for (auto _ : state) {
    const size_t before = ResidentBytes();
    const auto store = NewStore();
    const uint64_t keys = static_cast<uint64_t>(state.range(0)) * 1'000'000;
    Fill(*store, keys, state.range(1) * 1000);
    const StoreStats stats = store->Stats();
    const auto per_key = [keys](size_t bytes) {
      return static_cast<double>(bytes) / static_cast<double>(keys);
    };
    state.counters["resident/key"] = per_key(ResidentBytes() - before);
    state.counters["entry/key"] = per_key(stats.entry_bytes);
    state.counters["table/key"] = per_key(stats.table_bytes);
  }
}
BENCHMARK(Resident)
    ->ArgNames({"M", "ttl_s"})
    ->Args({5, 0})
    ->Args({5, 3600})
    ->Args({10, 0})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace duet::store
