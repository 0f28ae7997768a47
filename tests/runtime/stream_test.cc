// Streams against a raw socket on the other side. Coroutines take their stream by reference: the
// one that made it joins them.
#include "server/runtime/stream.h"

#include <string>
#include <sys/socket.h>

#include "server/runtime/address.h"
#include "server/runtime/notify.h"
#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

using StreamTest = RuntimeTest;

Task<IoResult> ReadInto(Stream& stream, std::span<char> into) {
  const IoResult result = co_await stream.ReadSome(into);
  co_return result;
}
Task<IoResult> WriteString(Stream& stream, const std::string* data) {
  const IoResult result = co_await stream.WriteAll(*data);
  co_return result;
}
// Reads until the end; what came, and how it ended.
struct Received {
  std::string data;
  IoStatus status;
  int error;
};
Task<Received> ReadAll(Worker& worker, UniqueFd fd) {
  Stream stream(worker, std::move(fd));
  Received received;
  for (;;) {
    const ReadView view = co_await stream.ReadSome();
    received.data.append(view.data);
    if (view.ok()) continue;
    received.status = view.status;
    received.error = view.error;
    co_return received;
  }
}
Task<> Echo(Worker& worker, UniqueFd fd) {
  Stream stream(worker, std::move(fd));
  for (;;) {
    const ReadView view = co_await stream.ReadSome();
    if (!view.ok()) co_return;
    const IoResult written = co_await stream.WriteAll(view.data);
    if (!written.ok()) co_return;
  }
}
std::string ReadBlocking(int fd, size_t bytes) {
  std::string data(bytes, '\0');
  size_t got = 0;
  while (got < bytes) {
    const ssize_t n = ::read(fd, data.data() + got, bytes - got);
    if (n <= 0) break;
    got += n;
  }
  data.resize(got);
  return data;
}

TEST_F(StreamTest, ReadsUntilTheEnd) {
  SocketPair pair;
  auto reading = runtime_.Spawn(ReadAll(worker(), std::move(pair.near)));
  EXPECT_EQ(::write(pair.far.get(), "hello ", 6), 6);
  Settle();
  EXPECT_EQ(::write(pair.far.get(), "world", 5), 5);
  pair.far.Reset();
  const Received received = *reading.JoinBlocking();
  EXPECT_EQ(received.data, "hello world");
  EXPECT_EQ(received.status, IoStatus::kEof);
}

Task<> Destroy(std::unique_ptr<Stream> stream) {
  stream.reset();
  co_return;
}
Task<> Interrupt(Stream& stream) {
  stream.InterruptRead();
  co_return;
}

TEST_F(StreamTest, AnInterruptedReadLeavesTheStreamAsItWas) {
  SocketPair pair;
  auto stream = std::make_unique<Stream>(worker(), std::move(pair.near));
  std::string into(8, ' ');
  Run(Interrupt(*stream));  // nobody reads: nothing happens
  auto reading = runtime_.SpawnOn(worker(), ReadInto(*stream, into));
  Settle();
  Run(Interrupt(*stream));
  const IoResult interrupted = *reading.JoinBlocking();
  EXPECT_EQ(interrupted.status, IoStatus::kInterrupted);
  EXPECT_EQ(interrupted.bytes, 0u);
  auto again = runtime_.SpawnOn(worker(), ReadInto(*stream, into));
  EXPECT_EQ(::write(pair.far.get(), "hello", 5), 5);
  const IoResult read = *again.JoinBlocking();
  EXPECT_EQ(read.status, IoStatus::kOk);
  EXPECT_EQ(into.substr(0, read.bytes), "hello");
  Run(Destroy(std::move(stream)));
}

TEST_F(StreamTest, EchoesInBothDirections) {
  SocketPair pair;
  auto echo = runtime_.Spawn(Echo(worker(), std::move(pair.near)));
  for (int i = 0; i < 100; ++i) {
    const std::string message = "message " + std::to_string(i);
    EXPECT_EQ(::write(pair.far.get(), message.data(), message.size()),
              static_cast<ssize_t>(message.size()));
    EXPECT_EQ(ReadBlocking(pair.far.get(), message.size()), message);
  }
  pair.far.Reset();
  EXPECT_TRUE(echo.JoinBlocking().has_value());
}

Task<size_t> ReadOneByteAtATime(Worker& worker, UniqueFd fd) {
  Stream stream(worker, std::move(fd));
  size_t bytes = 0;
  char byte;
  for (;;) {
    const IoResult result = co_await stream.ReadSome(std::span<char>(&byte, 1));
    if (!result.ok()) co_return bytes;
    EXPECT_EQ(result.bytes, 1u);
    bytes += result.bytes;
  }
}
TEST_F(StreamTest, ShortReadsLoseNothing) {
  SocketPair pair;
  EXPECT_EQ(::write(pair.far.get(), "0123456789", 10), 10);
  pair.far.Reset();
  EXPECT_EQ(Run(ReadOneByteAtATime(worker(), std::move(pair.near))), 10u);
}

Task<IoResult> WriteOwn(Worker& worker, UniqueFd fd, std::string data) {
  Stream stream(worker, std::move(fd));
  const IoResult result = co_await stream.WriteAll(data);
  co_return result;
}
TEST_F(StreamTest, ALargeWriteWaitsForItsReader) {
  SocketPair pair;
  std::string data(4 << 20, 'x');
  for (size_t i = 0; i < data.size(); i += 997) data[i] = static_cast<char>('a' + i % 26);
  auto writing = runtime_.Spawn(WriteOwn(worker(), std::move(pair.near), data));
  Settle();
  EXPECT_FALSE(writing.done());
  EXPECT_EQ(ReadBlocking(pair.far.get(), data.size()), data);
  const IoResult result = *writing.JoinBlocking();
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.bytes, data.size());
}

TEST_F(StreamTest, AWriteToAClosedPeerFails) {
  SocketPair pair;
  pair.far.Reset();
  const IoResult result = Run(WriteOwn(worker(), std::move(pair.near), "data"));
  EXPECT_EQ(result.status, IoStatus::kError);
  EXPECT_EQ(result.error, EPIPE);
}

TEST_F(StreamTest, APeerThatLeavesEndsAWaitingWrite) {
  SocketPair pair;
  auto writing =
      runtime_.Spawn(WriteOwn(worker(), std::move(pair.near), std::string(4 << 20, 'x')));
  Settle();
  pair.far.Reset();
  EXPECT_EQ(writing.JoinBlocking()->status, IoStatus::kError);
}

// Two connected TCP sockets.
SocketPair TcpPair() {
  SocketPair pair;
  SocketAddress address = *ParseTcpAddress("127.0.0.1", 0);
  const UniqueFd door(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::bind(door.get(), address.get(), address.length), 0);
  EXPECT_EQ(::listen(door.get(), 1), 0);
  EXPECT_EQ(::getsockname(door.get(), address.get(), &address.length), 0);
  pair.far = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(pair.far.get(), address.get(), address.length), 0);
  pair.near = UniqueFd(::accept(door.get(), nullptr, nullptr));
  return pair;
}

TEST_F(StreamTest, AResetIsAnError) {
  SocketPair pair = TcpPair();
  auto reading = runtime_.Spawn(ReadAll(worker(), std::move(pair.near)));
  Settle();
  const linger hard{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(pair.far.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  pair.far.Reset();
  const Received received = *reading.JoinBlocking();
  EXPECT_EQ(received.status, IoStatus::kError);
  EXPECT_EQ(received.error, ECONNRESET);
}

Task<int> PauseThenRead(Runtime& runtime, UniqueFd fd, Notify* go_on) {
  Worker& worker = runtime.worker(0);
  Stream stream(worker, std::move(fd));
  const ReadView first = co_await stream.ReadSome();
  EXPECT_EQ(first.data, "a");
  co_await go_on->Wait();
  const uint64_t events_before = worker.figures().events.Value();
  co_await go_on->Wait();
  const uint64_t events = worker.figures().events.Value() - events_before;
  const ReadView second = co_await stream.ReadSome();
  EXPECT_EQ(second.data, "bc");
  co_return static_cast<int>(events);
}
TEST_F(StreamTest, WhatNobodyReadsDoesNotWakeTheWorker) {
  SocketPair pair;
  Notify go_on;
  auto reading = runtime_.Spawn(PauseThenRead(runtime_, std::move(pair.near), &go_on));
  EXPECT_EQ(::write(pair.far.get(), "a", 1), 1);
  Settle();
  EXPECT_EQ(::write(pair.far.get(), "b", 1), 1);
  Settle();
  EXPECT_EQ(::write(pair.far.get(), "c", 1), 1);
  Settle();
  go_on.NotifyOne();
  for (int i = 0; i < 50; ++i) Settle();
  go_on.NotifyOne();
  // The wake-ups of this test's own posts, and at most one event of the socket.
  EXPECT_LE(*reading.JoinBlocking(), 105);
}

Task<> HoldThenRead(Worker& worker, UniqueFd fd, Notify* go_on, IoStatus* status) {
  Stream stream(worker, std::move(fd));
  const ReadView first = co_await stream.ReadSome();
  EXPECT_EQ(first.data, "a");
  co_await go_on->Wait();
  const ReadView second = co_await stream.ReadSome();
  *status = second.status;
}
TEST_F(StreamTest, APeerThatHangsUpWhileNobodyReadsIsSeenLater) {
  SocketPair pair;
  Notify go_on;
  IoStatus status = IoStatus::kOk;
  auto reading = runtime_.Spawn(HoldThenRead(worker(), std::move(pair.near), &go_on, &status));
  EXPECT_EQ(::write(pair.far.get(), "a", 1), 1);
  Settle();
  pair.far.Reset();
  for (int i = 0; i < 20; ++i) Settle();
  const uint64_t before = worker().figures().events.Value();
  for (int i = 0; i < 20; ++i) Settle();
  EXPECT_LE(worker().figures().events.Value() - before, 40u);  // it does not spin on the hang-up
  go_on.NotifyOne();
  EXPECT_TRUE(reading.JoinBlocking().has_value());
  EXPECT_EQ(status, IoStatus::kEof);
}

Task<> CancelPending(Runtime& runtime, SocketPair pair) {
  Worker& worker = runtime.worker(0);
  Stream stream(worker, std::move(pair.near));
  char buffer[16];
  const std::string large(4 << 20, 'x');
  JoinHandle<IoResult> reading = runtime.Spawn(ReadInto(stream, buffer));
  JoinHandle<IoResult> writing = runtime.Spawn(WriteString(stream, &large));
  co_await SwitchTo(worker);
  EXPECT_FALSE(reading.done());
  EXPECT_FALSE(writing.done());
  stream.Cancel();
  const JoinResult<IoResult> read = co_await reading.Join();
  EXPECT_EQ(read->status, IoStatus::kCancelled);
  const JoinResult<IoResult> written = co_await writing.Join();
  EXPECT_EQ(written->status, IoStatus::kCancelled);
  EXPECT_GT(written->bytes, 0u);
  // And all later ones.
  const ReadView later = co_await stream.ReadSome();
  EXPECT_EQ(later.status, IoStatus::kCancelled);
  const IoResult late_write = co_await stream.WriteAll("x");
  EXPECT_EQ(late_write.status, IoStatus::kCancelled);
  EXPECT_EQ(stream.TryWrite("x").status, IoStatus::kCancelled);
  EXPECT_EQ(::write(pair.far.get(), "late", 4), 4);
  EXPECT_EQ(stream.TryRead(buffer).status, IoStatus::kCancelled);
}
TEST_F(StreamTest, CancelEndsReadAndWrite) { Run(CancelPending(runtime_, SocketPair())); }

Task<> CancelReadsOnly(Runtime& runtime, SocketPair pair) {
  Stream stream(runtime.worker(0), std::move(pair.near));
  char buffer[16];
  JoinHandle<IoResult> reading = runtime.Spawn(ReadInto(stream, buffer));
  co_await SwitchTo(runtime.worker(0));
  stream.CancelReads();
  const JoinResult<IoResult> read = co_await reading.Join();
  EXPECT_EQ(read->status, IoStatus::kCancelled);
  const IoResult written = co_await stream.WriteAll("bye");
  EXPECT_TRUE(written.ok());
}
TEST_F(StreamTest, CancelReadsLetsWritesOut) {
  SocketPair pair;
  const int far = pair.far.Release();
  const UniqueFd keep(far);
  Run(CancelReadsOnly(runtime_, std::move(pair)));
  EXPECT_EQ(ReadBlocking(far, 3), "bye");
}

Task<IoStatus> ReadWithDoor(Worker& worker, UniqueFd fd, std::atomic<Stream*>* door,
                            Notify* leave) {
  Stream stream(worker, std::move(fd));
  door->store(&stream);
  door->notify_all();
  const ReadView view = co_await stream.ReadSome();
  co_await leave->Wait();  // the other thread is done with the stream
  co_return view.status;
}
TEST_F(StreamTest, CancelFromAnotherThread) {
  for (int i = 0; i < 50; ++i) {
    SocketPair pair;
    std::atomic<Stream*> door{nullptr};
    Notify leave;
    auto reading = runtime_.Spawn(ReadWithDoor(worker(), std::move(pair.near), &door, &leave));
    door.wait(nullptr);
    (i % 2 == 0) ? door.load()->CancelReadsFromAnyThread() : door.load()->CancelFromAnyThread();
    leave.NotifyOne();
    EXPECT_EQ(*reading.JoinBlocking(), IoStatus::kCancelled);
  }
}

Task<std::pair<std::string, std::string>> Addresses(Worker& worker, UniqueFd fd) {
  Stream stream(worker, std::move(fd));
  co_return std::pair(stream.LocalAddress(), stream.PeerAddress());
}
TEST_F(StreamTest, AddressesReadAsInRedis) {
  SocketPair pair = TcpPair();
  const std::string far_local = LocalAddressOf(pair.far.get());
  const std::string far_peer = PeerAddressOf(pair.far.get());
  const auto [local, peer] = Run(Addresses(worker(), std::move(pair.near)));
  EXPECT_EQ(local, far_peer);
  EXPECT_EQ(peer, far_local);
  EXPECT_EQ(local.find("127.0.0.1:"), 0u);
  EXPECT_EQ(FormatAddress(*ParseTcpAddress("::1", 6379)), "[::1]:6379");
  EXPECT_EQ(FormatAddress(*ParseTcpAddress("*", 6379)), "0.0.0.0:6379");
  EXPECT_FALSE(ParseTcpAddress("no such name", 1).ok());
  EXPECT_FALSE(ParseTcpAddress("127.0.0.1", 65536).ok());
}

TEST_F(StreamTest, ManyConnectionsOnTwoWorkers) {
  constexpr int kConnections = 40;
  std::vector<SocketPair> pairs(kConnections);
  std::vector<JoinHandle<void>> echoes;
  for (int i = 0; i < kConnections; ++i) {
    echoes.push_back(
        runtime_.SpawnOn(worker(i % 2), Echo(worker(i % 2), std::move(pairs[i].near))));
  }
  for (int round = 0; round < 20; ++round) {
    for (auto& pair : pairs) EXPECT_EQ(::write(pair.far.get(), "ping", 4), 4);
    for (auto& pair : pairs) EXPECT_EQ(ReadBlocking(pair.far.get(), 4), "ping");
  }
  for (auto& pair : pairs) pair.far.Reset();
  for (auto& echo : echoes) EXPECT_TRUE(echo.JoinBlocking().has_value());
  EXPECT_EQ(worker(0).stream_count(), 0);
}

}  // namespace
}  // namespace duet::runtime
