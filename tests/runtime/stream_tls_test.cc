// Streams that speak TLS, against a client on the other side of a socket pair.
#include <algorithm>
#include <cerrno>
#include <string>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <thread>

#include "server/runtime/stream.h"
#include "server/tls/credentials.h"
#include "tests/runtime/held_worker.h"
#include "tests/runtime/runtime_fixture.h"
#include "tests/tls/client.h"
#include "tests/tls/identity.h"

namespace duet::runtime {
namespace {

using duet::testing::Identity;
using duet::testing::IdentityFiles;
using duet::testing::MakeAuthority;
using duet::testing::MakeIdentity;
using duet::testing::TlsClient;

// The client with its socket; blocking. Belongs to the test's thread.
class Peer {
 public:
  Peer(const Identity& authority, UniqueFd fd) : client_(authority), fd_(std::move(fd)) {}

  void Handshake() {
    while (!client_.Handshake()) {
      Send();
      if (!Receive()) return;
    }
    Send();
  }
  void Write(std::string_view text) {
    client_.Write(text);
    Send();
  }
  std::string Read(size_t bytes) {
    std::string text = client_.Read();
    while (text.size() < bytes && Receive()) text += client_.Read();
    return text;
  }
  // Reads until the stream is gone.
  std::string ReadAll() { return Read(std::string::npos); }
  // What is there for the socket goes out.
  void Send() { EXPECT_TRUE(TrySend()); }
  // False: the stream is gone.
  bool TrySend() {
    const std::string bytes = client_.TakeOutput();
    return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  bool Receive() {
    char bytes[4096];
    const ssize_t got = ::read(fd_.get(), bytes, sizeof(bytes));
    if (got > 0) client_.Receive(std::string_view(bytes, static_cast<size_t>(got)));
    return got > 0;
  }
  TlsClient& client() { return client_; }
  void Leave() { fd_.Reset(); }

 private:
  TlsClient client_;
  UniqueFd fd_;
};

class StreamTlsTest : public RuntimeTest {
 protected:
  StreamTlsTest() { Serve(server_); }

  void Serve(const Identity& shown) {
    files_.Put(shown, authority_);
    credentials_ = *tls::Credentials::LoadBlocking(files_.options());
  }
  // Both ends of a connection; the near one is not started.
  std::pair<std::unique_ptr<Stream>, std::unique_ptr<Peer>> Connect(SocketPair pair = {}) {
    auto stream = std::make_unique<Stream>(worker(), std::move(pair.near));
    stream->StartTls(credentials_->NewSession());
    return {std::move(stream), std::make_unique<Peer>(authority_, std::move(pair.far))};
  }

  const Identity authority_ = MakeAuthority("authority");
  const Identity server_ = MakeIdentity("server", authority_);
  IdentityFiles files_;
  std::unique_ptr<tls::Credentials> credentials_;
};

// What a stream gave until its end, and the end.
struct Received {
  std::string data;
  IoResult end;
  std::string failure;
};

Task<Received> ReadAll(std::unique_ptr<Stream> stream, size_t room) {
  Received received;
  std::string into(room, ' ');
  for (;;) {
    received.end = co_await stream->ReadSome(into);
    received.data.append(into, 0, received.end.bytes);
    if (!received.end.ok()) break;
  }
  received.failure = stream->tls_failure();
  co_return received;
}

// Answers each read with the same bytes, on one worker and then on another.
Task<> Echo(std::unique_ptr<Stream> stream, Runtime& runtime) {
  for (int turn = 1;; ++turn) {
    const ReadView view = co_await stream->ReadSome();
    if (!view.ok()) co_return;
    const std::string data(view.data);
    co_await stream->MoveTo(runtime.worker(turn % 2));
    const IoResult written = co_await stream->WriteAll(data);
    if (!written.ok()) co_return;
  }
}

TEST_F(StreamTlsTest, EchoesAndMovesBetweenWorkers) {
  auto [stream, peer] = Connect();
  auto echo = runtime_.SpawnOn(worker(), Echo(std::move(stream), runtime_));
  peer->Handshake();
  for (int i = 0; i < 100; ++i) {
    const std::string message = "message " + std::to_string(i);
    peer->Write(message);
    EXPECT_EQ(peer->Read(message.size()), message);
  }
  peer->Leave();
  echo.JoinBlocking();
}

TEST_F(StreamTlsTest, ShortReadsLoseNothing) {
  auto [stream, peer] = Connect();
  auto reading = runtime_.SpawnOn(worker(), ReadAll(std::move(stream), 3));
  peer->Handshake();
  std::string text(50'000, ' ');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 26);
  peer->Write(text);
  peer->client().Close();
  peer->Send();
  const Received received = *reading.JoinBlocking();
  EXPECT_EQ(received.data, text);
  EXPECT_EQ(received.end.status, IoStatus::kEof);
}

TEST_F(StreamTlsTest, APeerThatIsGoneIsTheEnd) {
  auto [stream, peer] = Connect();
  auto reading = runtime_.SpawnOn(worker(), ReadAll(std::move(stream), 100));
  peer->Handshake();
  peer->Write("last words");
  peer->Leave();
  const Received received = *reading.JoinBlocking();
  EXPECT_EQ(received.data, "last words");
  EXPECT_EQ(received.failure, "");
}

TEST_F(StreamTlsTest, WhatIsNoTlsIsAnErrorWithItsReason) {
  SocketPair pair;
  EXPECT_EQ(::write(pair.far.get(), "PING\r\nPING\r\n", 12), 12);
  auto [stream, peer] = Connect(std::move(pair));
  const Received received = Run(ReadAll(std::move(stream), 100));
  EXPECT_EQ(received.end.status, IoStatus::kError);
  EXPECT_EQ(received.end.error, EPROTO);
  EXPECT_EQ(received.failure, "wrong version number");
}

// Reads one message, then writes `data`: first what the socket takes at once, then the rest.
Task<size_t> AnswerWith(std::unique_ptr<Stream> stream, const std::string& data, bool* stuck) {
  const ReadView view = co_await stream->ReadSome();
  EXPECT_EQ(view.data, "go");
  const IoResult first = stream->TryWrite(data);
  EXPECT_TRUE(first.ok());
  *stuck = first.bytes < data.size();
  const IoResult rest = co_await stream->WriteAll(std::string_view(data).substr(first.bytes));
  co_return first.bytes + rest.bytes;
}

TEST_F(StreamTlsTest, AWriteThatDoesNotFitGoesOnWhereItStopped) {
  std::string data(4 << 20, 'x');
  for (size_t i = 0; i < data.size(); i += 997) data[i] = static_cast<char>('a' + i % 26);
  auto [stream, peer] = Connect();
  bool stuck = false;
  auto writing = runtime_.SpawnOn(worker(), AnswerWith(std::move(stream), data, &stuck));
  peer->Handshake();
  peer->Write("go");
  EXPECT_EQ(peer->ReadAll(), data);
  EXPECT_EQ(*writing.JoinBlocking(), data.size());
  EXPECT_TRUE(stuck);
}

// Reads while the write waits.
Task<> ReadUntilEnd(Stream& stream, std::string* data) {
  for (;;) {
    char into[100];
    const IoResult read = co_await stream.ReadSome(into);
    if (!read.ok()) co_return;
    data->append(into, read.bytes);
  }
}
Task<IoResult> Write(Stream& stream, const std::string& data) {
  const IoResult written = co_await stream.WriteAll(data);
  co_return written;
}
Task<> Destroy(std::unique_ptr<Stream> stream) {
  stream.reset();
  co_return;
}

TEST_F(StreamTlsTest, NewKeysDoNotDisturbAWriteThatWaits) {
  auto [stream, peer] = Connect();
  std::string received;
  auto reading = runtime_.SpawnOn(worker(), ReadUntilEnd(*stream, &received));
  peer->Handshake();
  peer->Write("a");
  Settle();
  const std::string data(3 << 20, 'y');
  auto writing = runtime_.SpawnOn(worker(), Write(*stream, data));
  Settle();
  EXPECT_FALSE(writing.done());
  // Its answer has to wait behind the write.
  peer->client().UpdateKeys();
  peer->Write("b");
  Settle();
  EXPECT_EQ(peer->Read(data.size()), data);
  EXPECT_TRUE(writing.JoinBlocking()->ok());
  peer->Leave();
  reading.JoinBlocking();
  EXPECT_EQ(received, "ab");
  Run(Destroy(std::move(stream)));
}

// On its first input: what of another stream's has not been received yet.
Task<int> UnreceivedOf(Worker& worker, UniqueFd fd, int other) {
  Stream stream(worker, std::move(fd));
  const ReadView view = co_await stream.ReadSome();
  EXPECT_EQ(view.data, "now");
  int bytes = 0;
  EXPECT_EQ(::ioctl(other, FIONREAD, &bytes), 0);
  co_return bytes;
}

TEST_F(StreamTlsTest, RecordsWithoutPlaintextLeaveOthersTheirTurn) {
  auto [stream, peer] = Connect();
  std::string received;
  auto reading = runtime_.SpawnOn(worker(), ReadUntilEnd(*stream, &received));
  peer->Handshake();
  peer->Write("a");
  SocketPair plain;
  auto looking =
      runtime_.SpawnOn(worker(), UnreceivedOf(worker(), std::move(plain.near), stream->fd()));
  Settle();
  {
    const HeldWorker held(worker());
    for (int i = 0; i < 4000; ++i) peer->client().UpdateKeys();
    peer->Send();
    EXPECT_EQ(::write(plain.far.get(), "now", 3), 3);
  }
  EXPECT_GT(*looking.JoinBlocking(), 0);
  peer->Write("b");
  peer->Leave();
  reading.JoinBlocking();
  EXPECT_EQ(received, "ab");
  Run(Destroy(std::move(stream)));
}

TEST_F(StreamTlsTest, APeerThatLeavesAllAnswersUnreadIsGivenUp) {
  auto [stream, peer] = Connect();
  auto reading = runtime_.SpawnOn(worker(), ReadAll(std::move(stream), 100));
  peer->Handshake();
  while (!reading.done()) {
    for (int i = 0; i < 100; ++i) peer->client().UpdateKeys();
    if (!peer->TrySend()) break;
  }
  const Received got = *reading.JoinBlocking();
  EXPECT_EQ(got.end.status, IoStatus::kError);
  EXPECT_EQ(got.end.error, EPROTO);
  EXPECT_EQ(got.failure, "it leaves TLS' answers unread");
}

TEST_F(StreamTlsTest, AHandshakeThatDoesNotFitTheSocketGoesOnWhenItIsWritable) {
  // A chain of certificates that no client needs, longer than the socket's buffer.
  Identity shown = server_;
  for (int i = 0; i < 60; ++i) shown.cert_pem += server_.cert_pem;
  Serve(shown);
  SocketPair pair;
  const int small = 1;  // the kernel makes it the least that it has
  ::setsockopt(pair.near.get(), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
  auto [stream, peer] = Connect(std::move(pair));
  auto reading = runtime_.SpawnOn(worker(), ReadAll(std::move(stream), 100));
  EXPECT_FALSE(peer->client().Handshake());
  peer->Send();
  Settle();
  peer->Handshake();
  peer->Write("done");
  peer->Leave();
  EXPECT_EQ(reading.JoinBlocking()->data, "done");
}

}  // namespace
}  // namespace duet::runtime
