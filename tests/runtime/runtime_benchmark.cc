// What the runtime's steps cost: a task, a spawn, a switch, a post to another worker, a timer, and
// an echo over loopback TCP.
#include <atomic>
#include <benchmark/benchmark.h>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <sys/socket.h>

#include "server/runtime/address.h"
#include "server/runtime/channel.h"
#include "server/runtime/listener.h"
#include "server/runtime/notify.h"
#include "server/runtime/runtime.h"
#include "server/runtime/stream.h"
#include "server/runtime/switch.h"
#include "server/runtime/task_group.h"
#include "server/runtime/timer.h"

namespace duet::runtime {
namespace {

class Started {
 public:
  explicit Started(int threads) : runtime_({.threads = threads}) { runtime_.Start(); }
  ~Started() { runtime_.ShutdownAndJoinBlocking(); }
  Runtime& operator*() { return runtime_; }
  Runtime* operator->() { return &runtime_; }

 private:
  Runtime runtime_;
};

// Benchmarks run their loop inside one task, so that only the step itself is measured.
Task<int> Nothing() { co_return 1; }
Task<> AwaitTasks(benchmark::State& state) {
  for (auto _ : state) {
    const int value = co_await Nothing();
    benchmark::DoNotOptimize(value);
  }
}
void BM_AwaitTask(benchmark::State& state) {
  Started runtime(1);
  runtime->Spawn(AwaitTasks(state)).JoinBlocking();
}
BENCHMARK(BM_AwaitTask);

Task<> SpawnAndJoin(benchmark::State& state, Runtime& runtime) {
  for (auto _ : state) {
    JoinHandle<int> handle = runtime.Spawn(Nothing());
    const JoinResult<int> result = co_await handle.Join();
    benchmark::DoNotOptimize(result);
  }
}
void BM_SpawnAndJoin(benchmark::State& state) {
  Started runtime(1);
  runtime->Spawn(SpawnAndJoin(state, *runtime)).JoinBlocking();
}
BENCHMARK(BM_SpawnAndJoin)->UseRealTime();

Task<> Empty() { co_return; }
Task<> SpawnBatches(benchmark::State& state, Runtime& runtime) {
  TaskGroup group(runtime);
  for (auto _ : state) {
    for (int i = 0; i < 1000; ++i) group.Spawn(Empty());
    co_await group.Join();
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
void BM_SpawnInGroup(benchmark::State& state) {
  Started runtime(1);
  runtime->Spawn(SpawnBatches(state, *runtime)).JoinBlocking();
}
BENCHMARK(BM_SpawnInGroup)->UseRealTime();

// Two tasks hand a notification to and fro, on one worker.
Task<> Pong(Notify* mine, Notify* other, const bool* stop) {
  for (;;) {
    co_await mine->Wait();
    if (*stop) co_return;
    other->NotifyOne();
  }
}
Task<> Ping(benchmark::State& state, Notify* mine, Notify* other, bool* stop) {
  for (auto _ : state) {
    other->NotifyOne();
    co_await mine->Wait();
  }
  *stop = true;
  other->NotifyOne();
}
void PingPong(benchmark::State& state, int threads) {
  Started runtime(threads);
  Notify ping;
  Notify pong;
  bool stop = false;
  auto other = runtime->SpawnOn(runtime->worker(threads - 1), Pong(&pong, &ping, &stop));
  auto first = runtime->SpawnOn(runtime->worker(0), Ping(state, &ping, &pong, &stop));
  first.JoinBlocking();
  other.JoinBlocking();
  state.SetItemsProcessed(state.iterations() * 2);
}
void BM_SwitchTasks(benchmark::State& state) { PingPong(state, 1); }
BENCHMARK(BM_SwitchTasks)->UseRealTime();
// Each step wakes the other thread.
void BM_PostToAnotherWorkerAndWake(benchmark::State& state) { PingPong(state, 2); }
BENCHMARK(BM_PostToAnotherWorkerAndWake)->UseRealTime();

class CountDown final : public Completion {
 public:
  CountDown(std::atomic<int>* left) : left_(left) {}
  void Complete(bool) override {
    if (left_->fetch_sub(1) == 1) left_->notify_all();
  }

 private:
  std::atomic<int>* left_;
};
// A stream of posts, which a worker takes in batches.
void BM_PostToAnotherWorker(benchmark::State& state) {
  constexpr int kBatch = 1000;
  Started runtime(1);
  std::atomic<int> left{0};
  std::deque<CountDown> posts;
  for (int i = 0; i < kBatch; ++i) posts.emplace_back(&left);
  for (auto _ : state) {
    left = kBatch;
    for (CountDown& post : posts) runtime->worker(0).PostFromAnyThread(&post);
    for (int now = left; now != 0; now = left) left.wait(now);
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(BM_PostToAnotherWorker)->UseRealTime();

// A deadline set and taken back, among 10,000 others: what an idle timeout costs a request.
Task<> SetAndCancelTimers(benchmark::State& state, Worker& worker) {
  std::deque<Timer> others;
  for (int i = 0; i < 10'000; ++i) {
    others.emplace_back(worker, [] {});
    others.back().Start(std::chrono::hours(1) + std::chrono::microseconds(i * 7919 % 10'000));
  }
  Timer timer(worker, [] {});
  for (auto _ : state) {
    timer.Start(std::chrono::minutes(90));
    timer.Cancel();
  }
  co_return;
}
void BM_TimerStartAndCancel(benchmark::State& state) {
  Started runtime(1);
  runtime->Spawn(SetAndCancelTimers(state, runtime->worker(0))).JoinBlocking();
}
BENCHMARK(BM_TimerStartAndCancel)->UseRealTime();

Task<> SleepNoTime(benchmark::State& state, Worker& worker) {
  for (auto _ : state) co_await Sleep(worker, std::chrono::nanoseconds(0));
}
void BM_SleepForNoTime(benchmark::State& state) {
  Started runtime(1);
  runtime->Spawn(SleepNoTime(state, runtime->worker(0))).JoinBlocking();
}
BENCHMARK(BM_SleepForNoTime)->UseRealTime();

Task<> Echo(std::unique_ptr<Stream> stream) {
  for (;;) {
    const ReadView view = co_await stream->ReadSome();
    if (!view.ok()) co_return;
    const IoResult written = co_await stream->WriteAll(view.data);
    if (!written.ok()) co_return;
  }
}
Task<> AcceptAll(Listener& listener, TaskGroup& group) {
  for (;;) {
    AcceptResult accepted = co_await listener.Accept();
    if (accepted.status != IoStatus::kOk) co_return;
    Worker& worker = accepted.stream->worker();
    group.SpawnOn(worker, Echo(std::move(accepted.stream)));
  }
}
Task<> Close(std::unique_ptr<Listener> listener) {
  listener.reset();
  co_return;
}
// One connection, one message at a time; the other side is a blocking socket of this thread.
void BM_EchoOverLoopback(benchmark::State& state) {
  Started runtime(1);
  TaskGroup group(*runtime);
  std::unique_ptr<Listener> door = *Listener::Tcp(runtime->worker(0), "127.0.0.1", 0);
  auto accepting = runtime->Spawn(AcceptAll(*door, group));
  const SocketAddress address = *ParseTcpAddress("127.0.0.1", door->port());
  UniqueFd client(::socket(AF_INET, SOCK_STREAM, 0));
  if (::connect(client.get(), address.get(), address.length) != 0) state.SkipWithError("connect");
  const std::string message(static_cast<size_t>(state.range(0)), 'x');
  std::string reply(message.size(), '\0');
  const WorkerFigures& figures = runtime->worker(0).figures();
  const int64_t cpu_before = runtime->worker(0).CpuNs();
  for (auto _ : state) {
    ::send(client.get(), message.data(), message.size(), 0);
    ::recv(client.get(), reply.data(), reply.size(), MSG_WAITALL);
  }
  state.counters["server_cpu_ns"] = static_cast<double>(runtime->worker(0).CpuNs() - cpu_before) /
                                    static_cast<double>(state.iterations());
  state.counters["events_per_turn"] =
      static_cast<double>(figures.events.Value()) / static_cast<double>(figures.loops.Value());
  client.Reset();
  door->CancelFromAnyThread();
  accepting.JoinBlocking();
  group.JoinBlocking();
  runtime->Spawn(Close(std::move(door))).JoinBlocking();
}
BENCHMARK(BM_EchoOverLoopback)->Arg(32)->Arg(4096)->UseRealTime();

}  // namespace
}  // namespace duet::runtime
