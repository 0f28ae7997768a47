// Streams that move between workers, and that are told to.
#include <string>

#include "server/runtime/notify.h"
#include "server/runtime/stream.h"
#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

class StreamMoveTest : public RuntimeTest {
 protected:
  static int RoundTrip(int fd) {
    char byte = 'x';
    if (::write(fd, &byte, 1) != 1 || ::read(fd, &byte, 1) != 1) return -1;
    return byte;
  }
};

// Echoes each byte as the index of the worker that served it, and moves after every byte.
Task<> EchoIndexAndMove(Runtime& runtime, UniqueFd fd) {
  Stream stream(runtime.worker(0), std::move(fd));
  for (;;) {
    const ReadView view = co_await stream.ReadSome();
    if (!view.ok()) co_return;
    EXPECT_TRUE(stream.worker().RunsOnThisThread());
    const char index = static_cast<char>('0' + stream.worker().index());
    const IoResult written = co_await stream.WriteAll(std::string_view(&index, 1));
    EXPECT_TRUE(written.ok());
    co_await stream.MoveTo(runtime.worker(1 - stream.worker().index()));
  }
}
TEST_F(StreamMoveTest, GoesToAndFro) {
  SocketPair pair;
  auto echo = runtime_.Spawn(EchoIndexAndMove(runtime_, std::move(pair.near)));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(RoundTrip(pair.far.get()), '0' + i % 2);
  pair.far.Reset();
  EXPECT_TRUE(echo.JoinBlocking().has_value());
  EXPECT_EQ(worker(0).stream_count(), 0);
  EXPECT_EQ(worker(1).stream_count(), 0);
}

// Echoes the worker's index; moves when it is told to.
Task<> Serve(Worker& worker, UniqueFd fd) {
  Stream stream(worker, std::move(fd));
  for (;;) {
    const ReadView view = co_await stream.ReadSome();
    if (!view.ok()) co_return;
    if (Worker* target = stream.ShouldMove()) co_await stream.MoveTo(*target);
    const char index = static_cast<char>('0' + stream.worker().index());
    const IoResult written = co_await stream.WriteAll(std::string_view(&index, 1));
    EXPECT_TRUE(written.ok());
  }
}

TEST_F(StreamMoveTest, LoadActivatesAWorkerAndItsEndPutsItToSleep) {
  constexpr int kStreams = 6;
  std::vector<SocketPair> pairs(kStreams);
  std::vector<JoinHandle<void>> tasks;
  for (auto& pair : pairs) {
    tasks.push_back(runtime_.Spawn(Serve(worker(0), std::move(pair.near))));
  }
  for (auto& pair : pairs) EXPECT_EQ(RoundTrip(pair.far.get()), '0');
  EXPECT_EQ(&runtime_.WorkerForNewConnection(), &worker(0));

  busy_probe_.share = 1.0;
  cpu_probe_.idle_cores = 1.0;
  while (runtime_.active_workers() == 1) {
    Advance(100);
    Settle();
  }
  for (auto& pair : pairs) RoundTrip(pair.far.get());
  EXPECT_EQ(worker(0).stream_count(), kStreams / 2);
  EXPECT_EQ(worker(1).stream_count(), kStreams / 2);
  for (auto& pair : pairs) RoundTrip(pair.far.get());  // and there they stay
  EXPECT_EQ(worker(1).stream_count(), kStreams / 2);

  busy_probe_.share = 0.1;
  while (runtime_.active_workers() == 2) {
    Advance(100);
    Settle();
  }
  for (auto& pair : pairs) EXPECT_EQ(RoundTrip(pair.far.get()), '0');
  EXPECT_EQ(worker(0).stream_count(), kStreams);
  EXPECT_EQ(&runtime_.WorkerForNewConnection(), &worker(0));

  pairs.clear();
  for (auto& task : tasks) EXPECT_TRUE(task.JoinBlocking().has_value());
}

Task<IoStatus> MoveAndRead(Worker& from, Worker& to, UniqueFd fd, std::atomic<Stream*>* door,
                           Notify* leave) {
  Stream stream(from, std::move(fd));
  door->store(&stream);
  door->notify_all();
  co_await stream.MoveTo(to);
  const ReadView view = co_await stream.ReadSome();
  co_await leave->Wait();
  co_return view.status;
}
TEST_F(StreamMoveTest, CancelFindsTheStreamOnItsWay) {
  for (int i = 0; i < 100; ++i) {
    SocketPair pair;
    std::atomic<Stream*> door{nullptr};
    Notify leave;
    auto task =
        runtime_.Spawn(MoveAndRead(worker(0), worker(1), std::move(pair.near), &door, &leave));
    door.wait(nullptr);
    door.load()->CancelFromAnyThread();
    leave.NotifyOne();
    EXPECT_EQ(*task.JoinBlocking(), IoStatus::kCancelled);
  }
}

}  // namespace
}  // namespace duet::runtime
