#include "server/runtime/stream.h"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "server/runtime/address.h"
#include "server/runtime/load_balancer.h"
#include "server/runtime/runtime.h"
#include "server/runtime/socket_options.h"

namespace duet::runtime {

namespace {
constexpr uint32_t kFailure = EPOLLERR | EPOLLHUP;  // epoll reports these unasked
constexpr int kCacheLine = 64;
}  // namespace

Stream::Stream(Worker& worker, UniqueFd fd) : worker_(&worker), fd_(std::move(fd)) {
  PrepareConnectedSocket(fd_.get());
  worker_->streams_.fetch_add(1, std::memory_order_relaxed);
}

absl::StatusOr<std::unique_ptr<Stream>> Stream::ConnectBlocking(Worker& worker,
                                                                const std::string& ip, int port) {
  absl::StatusOr<SocketAddress> address = ParseTcpAddress(ip, port);
  if (!address.ok()) return address.status();
  UniqueFd fd(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid() || ::connect(fd.get(), address->get(), address->length) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot connect to ", FormatAddress(*address), ": ", strerror(errno)));
  }
  return std::make_unique<Stream>(worker, std::move(fd));
}

Stream::~Stream() {
  DUET_CHECK(reader_ == nullptr && writer_ == nullptr, "a stream died under its operation");
  if (tls_ != nullptr) CloseTls();
  Unregister();
  worker_->streams_.fetch_sub(1, std::memory_order_relaxed);
}

void Stream::SetInterest(uint32_t interest) {
  if (interest_ == kUnregistered) {
    worker_->Watch(fd_.get(), interest, this);
  } else {
    worker_->Rewatch(fd_.get(), interest, this);
  }
  interest_ = interest;
}

void Stream::Unregister() {
  if (interest_ == kUnregistered) return;
  DUET_DCHECK(worker_->RunsOnThisThread(), "a stream leaves epoll on its worker");
  worker_->Unwatch(fd_.get(), this);
  interest_ = kUnregistered;
}

bool Stream::Receive(std::span<char> into, IoResult& result) {
  return tls_ != nullptr ? ReceiveTls(into, result) : ReceiveBytes(into, result);
}

bool Stream::ReceiveBytes(std::span<char> into, IoResult& result) {
  ssize_t got;
  do {
    got = ::recv(fd_.get(), into.data(), into.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got > 0) {
    result.bytes = static_cast<size_t>(got);
  } else if (got == 0) {
    result.status = Has(kReadCancelled) ? IoStatus::kCancelled : IoStatus::kEof;
  } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
    return false;
  } else {
    result.status = IoStatus::kError;
    result.error = errno;
  }
  return true;
}

bool Stream::Send(std::string_view data, IoResult& result) {
  if (Has(kWriteCancelled)) {
    result.status = IoStatus::kCancelled;
    return true;
  }
  return tls_ != nullptr ? SendTls(data, result) : SendBytes(data, result);
}

bool Stream::SendBytes(std::string_view data, IoResult& result) {
  while (result.bytes < data.size()) {
    const ssize_t sent =
        ::send(fd_.get(), data.data() + result.bytes, data.size() - result.bytes, MSG_NOSIGNAL);
    if (sent >= 0) {
      result.bytes += static_cast<size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return false;
    } else if (errno != EINTR) {
      result.error = errno;
      result.status = Has(kWriteCancelled) ? IoStatus::kCancelled : IoStatus::kError;
      return true;
    }
  }
  return true;
}

IoResult Stream::TryWrite(std::string_view data) {
  DUET_DCHECK(writer_ == nullptr, "two writes at once");
  IoResult result;
  Send(data, result);
  return result;
}

IoResult Stream::TryRead(std::span<char> into) {
  DUET_DCHECK(reader_ == nullptr, "two reads at once");
  IoResult result;
  if (Has(kWriteCancelled)) {
    result.status = IoStatus::kCancelled;  // what had been received may be lost: no going on here
  } else {
    Receive(into, result);
  }
  return result;
}

void Stream::StartWrite(WriteAwaiter* writer) {
  DUET_DCHECK(worker_->RunsOnThisThread(), "a stream's operations run on its worker");
  writer_ = writer;
  SetInterest(interest_ == kUnregistered ? EPOLLOUT : interest_ | EPOLLOUT);
}

void Stream::OnEvents(uint32_t events) {
  Worker& worker = *worker_;
  if (writer_ != nullptr && (events & (EPOLLOUT | kFailure)) != 0) {
    OnWritable();
    // The writer's coroutine may have destroyed or moved the stream.
    if (!worker.IsDispatching(this)) return;
  } else if (tls_ != nullptr && (events & EPOLLOUT) != 0) {
    IoResult flushed;
    if (FlushTls(flushed)) SetInterest(interest_ & ~uint32_t{EPOLLOUT});
  }
  if ((events & (EPOLLIN | kFailure)) != 0) OnReadable(events);
}

void Stream::OnWritable() {
  if (!Send(writer_->data_, writer_->result_)) return;
  SetInterest(interest_ & ~uint32_t{EPOLLOUT});
  std::exchange(writer_, nullptr)->Complete(true);
}

void Stream::Prefetch() const {
  if (reader_ == nullptr) return;
  if (received_ahead_ && seen_ahead_ != 0) preview_->Prefetch(seen_ahead_);
  // The awaiter, and about the frame of the coroutine that it is in.
  const char* const frame = reinterpret_cast<const char*>(reader_);
  for (int line = -1; line < 3; ++line) __builtin_prefetch(frame + line * kCacheLine, 1);
  for (const std::span<const char> memory : reader_memory_) {
    for (size_t at = 0; at < memory.size(); at += kCacheLine) {
      __builtin_prefetch(memory.data() + at, 1);
    }
  }
}

size_t Stream::ReceiveAhead(std::span<char> room) {
  // In TLS it takes a buffer of its own, and more time than a receive.
  if (reader_ == nullptr || tls_ != nullptr) return 0;
  const std::span<char> into = reader_->takes_view_ ? room : reader_->into_;
  if (!ReceiveBytes(into, reader_->result_)) return 0;
  reader_->into_ = into;
  received_ahead_ = true;
  const size_t bytes = reader_->result_.bytes;
  if (preview_ != nullptr) seen_ahead_ = preview_->Look({into.data(), bytes});
  return bytes;
}

void Stream::OnReadable(uint32_t events) {
  if (reader_ != nullptr) {
    const bool received = std::exchange(received_ahead_, false);
    if (!received && !Receive(reader_->into_, reader_->result_)) return;
    std::exchange(reader_, nullptr)->Complete(true);
  } else if ((events & kFailure) == 0) {
    SetInterest(interest_ & ~uint32_t{EPOLLIN});
  } else if (writer_ == nullptr) {
    Unregister();  // failures cannot be masked; the next operation registers again and meets it
  }
}

void Stream::CancelPending(bool reads, bool writes) {
  ReadAwaiter* const reader = reads ? std::exchange(reader_, nullptr) : nullptr;
  WriteAwaiter* const writer = writes ? std::exchange(writer_, nullptr) : nullptr;
  if (writer != nullptr) {
    SetInterest(interest_ & ~uint32_t{EPOLLOUT});
    writer->result_.status = IoStatus::kCancelled;
  }
  if (reader != nullptr) {
    reader->result_ = {.status = IoStatus::kCancelled};  // nor does it get what was received ahead
    received_ahead_ = false;
  }
  // Either coroutine may destroy the stream only after both have ended, so both can be resumed.
  if (reader != nullptr) reader->Complete(true);
  if (writer != nullptr) writer->Complete(true);
}

void Stream::InterruptRead() {
  if (reader_ == nullptr || received_ahead_) return;
  reader_->result_.status = IoStatus::kInterrupted;
  std::exchange(reader_, nullptr)->Complete(true);
}

void Stream::Cancel() {
  flags_.fetch_or(kReadCancelled | kWriteCancelled, std::memory_order_relaxed);
  CancelPending(true, true);
}

void Stream::CancelReads() {
  flags_.fetch_or(kReadCancelled, std::memory_order_relaxed);
  if (!received_ahead_) CancelPending(true, false);
}

// The kernel carries the message: a shut down socket is readable, wherever the stream is or is
// going to.
void Stream::CancelReadsFromAnyThread() {
  flags_.fetch_or(kReadCancelled, std::memory_order_release);
  ::shutdown(fd_.get(), SHUT_RD);
}

void Stream::CancelFromAnyThread() {
  flags_.fetch_or(kReadCancelled | kWriteCancelled, std::memory_order_release);
  ::shutdown(fd_.get(), SHUT_RDWR);
}

Worker* Stream::ClaimMove() { return worker_->runtime().balancer().ClaimMove(*worker_); }

void Stream::MoveAwaiter::await_suspend(std::coroutine_handle<> handle) {
  DUET_CHECK(stream_.reader_ == nullptr && stream_.writer_ == nullptr,
             "a stream moves between operations");
  BindTo(handle, &target_);
  stream_.Unregister();
  stream_.worker_->streams_.fetch_sub(1, std::memory_order_relaxed);
  target_.streams_.fetch_add(1, std::memory_order_relaxed);
  stream_.worker_ = &target_;
  Wake();
}

std::string Stream::PeerAddress() const { return PeerAddressOf(fd_.get()); }
std::string Stream::LocalAddress() const { return LocalAddressOf(fd_.get()); }

}  // namespace duet::runtime
