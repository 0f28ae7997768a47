// A connected TCP or Unix-domain socket on one worker.
//
// Design. The descriptor is registered at its worker's level-triggered epoll with EPOLLIN and stays
// so: a read neither tries to receive before it suspends nor touches epoll. When the socket is
// readable the worker's loop receives straight into the reader's span and resumes it inline;
// between the two it may receive and run other streams of the same turn (worker.h). If the socket
// is readable and nobody reads, the interest is dropped until the next read: a client whose replies
// are not taken is not read from. A write tries to send at once and waits only for what did not
// fit.
//
// With StartTls() what is read and written is plaintext, and what goes over the socket is TLS; the
// operations are the same. A read that finds plaintext from an earlier one does not suspend.
//
// One coroutine may read while another writes; each on this stream's worker, one operation of a
// kind at a time, on buffers that live until it ends. Nothing is allocated per operation; in TLS
// the ciphertext's buffers are, and go when they are empty.
//
// Thread class: worker-bound; *FromAnyThread() are thread-safe while the stream lives. Until its
// first operation it belongs to no thread. Destroyed on its worker, with no operation pending.
#pragma once

#include <array>
#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <utility>

#include "absl/status/statusor.h"

#include "server/base/check.h"
#include "server/runtime/input_preview.h"
#include "server/runtime/io_result.h"
#include "server/runtime/unique_fd.h"
#include "server/runtime/waiter.h"
#include "server/runtime/worker.h"
#include "server/tls/session.h"

namespace duet::runtime {

class Stream final : private EventHandler {
 public:
  // Takes a connected stream socket; makes it non-blocking, a TCP one also TCP_NODELAY and
  // SO_KEEPALIVE.
  Stream(Worker& worker, UniqueFd fd);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Connects to a TCP address and port, numeric only; for tests and benchmarks.
  static absl::StatusOr<std::unique_ptr<Stream>> ConnectBlocking(Worker& worker,
                                                                 const std::string& ip, int port);

  // From now on the peer is spoken to in TLS. REQUIRES: no operation has begun.
  void StartTls(std::unique_ptr<tls::Session> session) { tls_ = std::move(session); }
  // For those who do without a stream. REQUIRES: no operation has begun, and none follows.
  UniqueFd TakeSocket() { return std::move(fd_); }
  // What the reading coroutine uses first when a read has ended: the cache is asked for it before,
  // where many streams wait. It lives as long as the stream.
  using ReaderMemory = std::array<std::span<const char>, 2>;
  void SetReaderMemory(const ReaderMemory& memory) { reader_memory_ = memory; }
  // `preview` outlives the stream. It sees nothing of what comes in TLS.
  void SetPreview(InputPreview* preview) { preview_ = preview; }
  // Asks for the stream's and the reader's memory now. Worker-bound.
  void Prefetch() const override;
  // Why TLS has failed (kError, EPROTO); empty: it has not.
  std::string_view tls_failure() const { return tls_ ? tls_->failure() : std::string_view(); }

  class [[nodiscard]] ReadAwaiter;
  class [[nodiscard]] ReadViewAwaiter;
  class [[nodiscard]] WriteAwaiter;
  class [[nodiscard]] MoveAwaiter;

  // co_await: at least one byte, kEof, kError, kCancelled or kInterrupted. REQUIRES: `into` is not
  // empty.
  ReadAwaiter ReadSome(std::span<char> into);
  // The same into a hot buffer of the worker.
  ReadViewAwaiter ReadSome();
  // co_await: all of `data` (kOk), kError or kCancelled with what was sent before. Does not suspend
  // if the socket's buffer takes it all.
  WriteAwaiter WriteAll(std::string_view data);
  // Sends what the socket's buffer takes now: kOk with 0 bytes if it is full. What it did not take
  // has to be what is written next. REQUIRES: no write pending.
  IoResult TryWrite(std::string_view data);

  // Receives what has arrived, also after CancelReads(): kOk with 0 bytes if nothing has. After
  // Cancel(): kCancelled. REQUIRES: no read pending.
  IoResult TryRead(std::span<char> into);

  // Ends the pending read, if there is one, with kInterrupted. The coroutine is resumed inline. A
  // read for which input has been received is left alone: it ends in this turn of the loop.
  void InterruptRead();
  // Ends pending and all later operations with kCancelled. The coroutine is resumed inline. What
  // has been received for the pending read is lost.
  void Cancel();
  // The same for reads only: a drain lets replies out. What has been received for the pending read
  // still reaches it.
  void CancelReads();
  // Thread-safe. As CancelReads() or Cancel(), a moment later. The peer sees what shutdown(2) does.
  void CancelReadsFromAnyThread();
  void CancelFromAnyThread();

  // At a batch boundary: the worker that this stream should move to, or null (nearly always).
  Worker* ShouldMove() {
    if (worker_->moves_wanted() <= 0) return nullptr;
    return ClaimMove();
  }
  // co_await: goes on on `target`, with the stream. REQUIRES: no operation pending.
  MoveAwaiter MoveTo(Worker& target);

  Worker& worker() const { return *worker_; }
  int fd() const { return fd_.get(); }
  // As Redis prints them: "127.0.0.1:50412", "[::1]:50412", "/run/duet.sock:0".
  std::string PeerAddress() const;
  std::string LocalAddress() const;

 private:
  enum Flag : uint8_t { kReadCancelled = 1, kWriteCancelled = 2 };
  static constexpr uint32_t kUnregistered = ~uint32_t{0};

  bool Has(Flag flag) const { return (flags_.load(std::memory_order_relaxed) & flag) != 0; }
  void OnEvents(uint32_t events) override;
  size_t ReceiveAhead(std::span<char> room) override;
  // Each is true if the operation has ended.
  bool Receive(std::span<char> into, IoResult& result);
  bool Send(std::string_view data, IoResult& result);
  bool ReceiveBytes(std::span<char> into, IoResult& result);
  bool SendBytes(std::string_view data, IoResult& result);
  // The same in TLS: stream_tls.cc.
  bool ReceiveTls(std::span<char> into, IoResult& result);
  bool ReceivePending(std::span<char> into, IoResult& result);
  bool SendTls(std::string_view data, IoResult& result);
  bool FlushTls(IoResult& result);
  void CloseTls();
  void SetInterest(uint32_t interest);
  void Unregister();
  void StartRead(ReadAwaiter* reader);
  void StartWrite(WriteAwaiter* writer);
  void OnWritable();
  void OnReadable(uint32_t events);
  void CancelPending(bool reads, bool writes);
  Worker* ClaimMove();

  Worker* worker_;
  UniqueFd fd_;
  uint32_t interest_ = kUnregistered;  // what epoll has been told
  std::atomic<uint8_t> flags_{0};
  bool received_ahead_ = false;  // reader_ has its result
  ReadAwaiter* reader_ = nullptr;
  WriteAwaiter* writer_ = nullptr;
  InputPreview* preview_ = nullptr;
  uint64_t seen_ahead_ = 0;  // by preview_, of what reader_ has got; 0: nothing
  ReaderMemory reader_memory_;
  std::unique_ptr<tls::Session> tls_;  // null: plaintext
};

class Stream::ReadAwaiter : public Waiter {
 public:
  ReadAwaiter(Stream& stream, std::span<char> into) : ReadAwaiter(stream, into, false) {}
  bool await_ready() {
    if (stream_.Has(kReadCancelled)) {
      result_.status = IoStatus::kCancelled;
      return true;
    }
    return stream_.tls_ != nullptr && stream_.ReceivePending(into_, result_);
  }
  void await_suspend(std::coroutine_handle<> handle) {
    BindTo(handle, nullptr);  // the worker's loop resumes it inline
    stream_.StartRead(this);
  }
  IoResult await_resume() const { return result_; }

 protected:
  ReadAwaiter(Stream& stream, std::span<char> into, bool takes_view)
      : stream_(stream), into_(into), takes_view_(takes_view) {}

  friend class Stream;
  Stream& stream_;
  std::span<char> into_;
  const bool takes_view_;  // into_ is the worker's, and any of its buffers will do
  IoResult result_;
};

class Stream::ReadViewAwaiter final : public ReadAwaiter {
 public:
  explicit ReadViewAwaiter(Stream& stream)
      : ReadAwaiter(stream, stream.worker().read_buffer(), true) {}
  ReadView await_resume() const {
    return {std::string_view(into_.data(), result_.bytes), result_.status, result_.error};
  }
};

class Stream::WriteAwaiter final : public Waiter {
 public:
  WriteAwaiter(Stream& stream, std::string_view data) : stream_(stream), data_(data) {}
  bool await_ready() {
    DUET_DCHECK(stream_.writer_ == nullptr, "two writes at once");
    return stream_.Send(data_, result_);
  }
  void await_suspend(std::coroutine_handle<> handle) {
    BindTo(handle, nullptr);
    stream_.StartWrite(this);
  }
  IoResult await_resume() const { return result_; }

 private:
  friend class Stream;
  Stream& stream_;
  const std::string_view data_;
  IoResult result_;
};

class Stream::MoveAwaiter final : public Waiter {
 public:
  MoveAwaiter(Stream& stream, Worker& target) : stream_(stream), target_(target) {}
  bool await_ready() const { return stream_.worker_ == &target_; }
  void await_suspend(std::coroutine_handle<> handle);
  void await_resume() const {}

 private:
  Stream& stream_;
  Worker& target_;
};

inline Stream::ReadAwaiter Stream::ReadSome(std::span<char> into) {
  DUET_DCHECK(!into.empty(), "a read needs room");
  return ReadAwaiter(*this, into);
}
inline Stream::ReadViewAwaiter Stream::ReadSome() { return ReadViewAwaiter(*this); }
inline Stream::WriteAwaiter Stream::WriteAll(std::string_view data) {
  return WriteAwaiter(*this, data);
}
inline Stream::MoveAwaiter Stream::MoveTo(Worker& target) { return MoveAwaiter(*this, target); }

inline void Stream::StartRead(ReadAwaiter* reader) {
  DUET_DCHECK(worker_->RunsOnThisThread(), "a stream's operations run on its worker");
  DUET_DCHECK(reader_ == nullptr, "two reads at once");
  reader_ = reader;
  if (interest_ == kUnregistered || (interest_ & EPOLLIN) == 0) {
    SetInterest(interest_ == kUnregistered ? EPOLLIN : interest_ | EPOLLIN);
  }
}

}  // namespace duet::runtime
