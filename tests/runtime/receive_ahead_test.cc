// What a worker receives before it dispatches the events of a turn. Each test holds the worker
// until several sockets are readable; the first event is the first one written to. That something
// is received ahead at all shows where a stream meddles with the next one (MeddlingTest).
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "server/runtime/stream.h"
#include "tests/runtime/held_worker.h"
#include "tests/runtime/runtime_fixture.h"

namespace duet::runtime {
namespace {

class ReceiveAheadTest : public RuntimeTest {
 protected:
  static void Send(const UniqueFd& fd, std::string_view data) {
    ASSERT_EQ(::write(fd.get(), data.data(), data.size()), static_cast<ssize_t>(data.size()));
  }
};

Task<std::string> ReadToEnd(Worker& worker, UniqueFd fd) {
  Stream stream(worker, std::move(fd));
  std::string all;
  for (;;) {
    const ReadView view = co_await stream.ReadSome();
    if (!view.ok()) co_return all;
    all.append(view.data);
  }
}

// Together they are more than the buffer holds, and one alone is.
TEST_F(ReceiveAheadTest, EveryStreamGetsItsOwnInput) {
  constexpr size_t kSizes[] = {1, 40'000, 63, 100'000, 64, 30'000, 65, 50'000, 2};
  std::vector<SocketPair> pairs(std::size(kSizes));
  std::vector<JoinHandle<std::string>> readers;
  for (SocketPair& pair : pairs) {
    readers.push_back(runtime_.SpawnOn(worker(), ReadToEnd(worker(), std::move(pair.near))));
  }
  Settle();
  {
    const HeldWorker held(worker());
    for (size_t i = 0; i < pairs.size(); ++i) {
      Send(pairs[i].far, std::string(kSizes[i], static_cast<char>('a' + i)));
    }
  }
  Settle();
  for (size_t i = 0; i < readers.size(); ++i) {
    pairs[i].far.Reset();
    EXPECT_EQ(*readers[i].JoinBlocking(), std::string(kSizes[i], static_cast<char>('a' + i)));
  }
}

Task<std::string> ReadBytes(Worker& worker, UniqueFd fd) {
  Stream stream(worker, std::move(fd));
  std::string all;
  for (;;) {
    char bytes[3];
    const IoResult read = co_await stream.ReadSome(bytes);
    if (!read.ok()) co_return all;
    all.append(bytes, read.bytes);
  }
}

TEST_F(ReceiveAheadTest, ReadersWithABufferOfTheirOwnKeepIt) {
  SocketPair first, second;
  auto short_reads = runtime_.SpawnOn(worker(), ReadBytes(worker(), std::move(first.near)));
  auto views = runtime_.SpawnOn(worker(), ReadToEnd(worker(), std::move(second.near)));
  Settle();
  {
    const HeldWorker held(worker());
    Send(first.far, "0123456789");
    Send(second.far, "abcdef");
  }
  Settle();
  first.far.Reset();
  second.far.Reset();
  EXPECT_EQ(*short_reads.JoinBlocking(), "0123456789");
  EXPECT_EQ(*views.JoinBlocking(), "abcdef");
}

// A reader whose input makes it meddle with another stream, which has input in the same turn.
enum class Meddling { kInterrupt, kCancelReads, kCancel };

Task<> MeddleOnInput(Worker& worker, UniqueFd fd, Stream& other, Meddling meddling) {
  Stream stream(worker, std::move(fd));
  const ReadView view = co_await stream.ReadSome();
  EXPECT_EQ(view.data, "go");
  switch (meddling) {
    case Meddling::kInterrupt:
      other.InterruptRead();
      break;
    case Meddling::kCancelReads:
      other.CancelReads();
      break;
    case Meddling::kCancel:
      other.Cancel();
      break;
  }
}

struct TwoReads {
  std::string data;
  IoStatus first;
  IoStatus second;
};
Task<TwoReads> ReadTwice(Worker& worker, UniqueFd fd, Stream** door) {
  Stream stream(worker, std::move(fd));
  *door = &stream;
  const ReadView first = co_await stream.ReadSome();
  TwoReads reads{.data = std::string(first.data), .first = first.status, .second = IoStatus::kOk};
  const ReadView second = co_await stream.ReadSome();
  reads.second = second.status;
  co_return reads;
}

class MeddlingTest : public ReceiveAheadTest, public ::testing::WithParamInterface<Meddling> {
 protected:
  TwoReads Meddle() {
    SocketPair first, second;
    Stream* door = nullptr;
    auto victim = runtime_.SpawnOn(worker(), ReadTwice(worker(), std::move(second.near), &door));
    Settle();
    auto meddler = runtime_.SpawnOn(
        worker(), MeddleOnInput(worker(), std::move(first.near), *door, GetParam()));
    Settle();
    {
      const HeldWorker held(worker());
      Send(first.far, "go");
      Send(second.far, "input");
    }
    meddler.JoinBlocking();
    second.far.Reset();
    return *victim.JoinBlocking();
  }
};

TEST_P(MeddlingTest, ReceivedInputIsLostOnlyToACancel) {
  const TwoReads reads = Meddle();
  const bool cancelled = GetParam() == Meddling::kCancel;
  EXPECT_EQ(reads.first, cancelled ? IoStatus::kCancelled : IoStatus::kOk);
  EXPECT_EQ(reads.data, cancelled ? "" : "input");
  EXPECT_EQ(reads.second,
            GetParam() == Meddling::kInterrupt ? IoStatus::kEof : IoStatus::kCancelled);
}
INSTANTIATE_TEST_SUITE_P(All, MeddlingTest,
                         ::testing::Values(Meddling::kInterrupt, Meddling::kCancelReads,
                                           Meddling::kCancel));

Task<IoStatus> ReadOnce(Worker& worker, UniqueFd fd) {
  Stream stream(worker, std::move(fd));
  const ReadView view = co_await stream.ReadSome();
  co_return view.status;
}

TEST_F(ReceiveAheadTest, TheEndReachesTheReader) {
  std::vector<SocketPair> pairs(4);
  std::vector<JoinHandle<IoStatus>> readers;
  for (SocketPair& pair : pairs) {
    readers.push_back(runtime_.SpawnOn(worker(), ReadOnce(worker(), std::move(pair.near))));
  }
  Settle();
  {
    const HeldWorker held(worker());
    for (size_t i = 0; i < pairs.size(); ++i) {
      if (i % 2 == 0) Send(pairs[i].far, "x");
      if (i % 2 == 1) ::shutdown(pairs[i].far.get(), SHUT_WR);
    }
  }
  for (size_t i = 0; i < readers.size(); ++i) {
    EXPECT_EQ(*readers[i].JoinBlocking(), i % 2 == 0 ? IoStatus::kOk : IoStatus::kEof);
  }
}

// Notes what it is shown, and gives the first byte of it.
class NotingPreview final : public InputPreview {
 public:
  uint64_t Look(std::string_view input) override {
    notes.push_back("look " + std::string(input));
    return input.empty() ? 0 : static_cast<uint64_t>(input.front());
  }
  void Prefetch(uint64_t seen) override {
    notes.push_back("prefetch " + std::string(1, static_cast<char>(seen)));
  }

  std::vector<std::string> notes;
};

Task<> NoteReads(Worker& worker, UniqueFd fd, NotingPreview& preview) {
  Stream stream(worker, std::move(fd));
  stream.SetPreview(&preview);
  for (;;) {
    const ReadView view = co_await stream.ReadSome();
    if (!view.ok()) co_return;
    preview.notes.push_back("read " + std::string(view.data));
  }
}

TEST_F(ReceiveAheadTest, APreviewSeesWhatWasReceivedBeforeTheReadersRun) {
  NotingPreview preview;
  SocketPair pairs[3];
  std::vector<JoinHandle<void>> readers;
  for (SocketPair& pair : pairs) {
    readers.push_back(
        runtime_.SpawnOn(worker(), NoteReads(worker(), std::move(pair.near), preview)));
  }
  Settle();
  {
    const HeldWorker held(worker());
    Send(pairs[0].far, "one");
    Send(pairs[1].far, "two");
    ::shutdown(pairs[2].far.get(), SHUT_WR);
  }
  Settle();
  const std::vector<std::string> expected = {"look one",   "look two", "look ",
                                             "prefetch t", "read one", "read two"};
  EXPECT_EQ(preview.notes, expected);
  for (SocketPair& pair : pairs) pair.far.Reset();
  for (JoinHandle<void>& reader : readers) reader.JoinBlocking();
}

// Has another one leave when it gets its event; nobody touches that from then on.
class Handler final : public EventHandler {
 public:
  void OnEvents(uint32_t) override {
    ++events;
    worker->Unwatch(pair.near.get(), this);
    if (evicts == nullptr) return;
    worker->Unwatch(evicts->pair.near.get(), evicts);
    evicts->gone = true;
  }
  void Prefetch() const override {
    EXPECT_FALSE(gone);
    ++prefetched;
  }

  SocketPair pair;
  Worker* worker = nullptr;
  Handler* evicts = nullptr;
  bool gone = false;
  int events = 0;
  mutable int prefetched = 0;
};

Task<> WatchAll(Worker& worker, std::span<Handler> handlers) {
  for (Handler& handler : handlers) {
    handler.worker = &worker;
    worker.Watch(handler.pair.near.get(), EPOLLIN, &handler);
  }
  co_return;
}

TEST_F(ReceiveAheadTest, NothingIsPrefetchedForAHandlerThatHasGone) {
  Handler handlers[4];
  handlers[0].evicts = &handlers[2];
  RunOn(worker(), WatchAll(worker(), handlers));
  {
    const HeldWorker held(worker());
    for (Handler& handler : handlers) Send(handler.pair.far, "x");
  }
  Settle();
  const int expected_events[] = {1, 1, 0, 1};
  const int expected_prefetched[] = {0, 1, 0, 0};
  for (size_t i = 0; i < std::size(handlers); ++i) {
    EXPECT_EQ(handlers[i].events, expected_events[i]) << i;
    EXPECT_EQ(handlers[i].prefetched, expected_prefetched[i]) << i;
  }
}

}  // namespace
}  // namespace duet::runtime
