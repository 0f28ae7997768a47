#include "server/http/connection.h"

#include <sys/socket.h>
#include <utility>

namespace duet::http {

using runtime::IoStatus;
using runtime::Task;

namespace {
// What is read and dropped after the last answer, before the socket is closed.
constexpr size_t kLingerBytes = 256 * 1024;
}  // namespace

Connection::Connection(std::unique_ptr<runtime::Stream> stream, const Router& router,
                       const ConnectionOptions& options, runtime::CancelToken drain,
                       runtime::CancelToken abort)
    : stream_(std::move(stream)),
      router_(router),
      options_(options),
      drain_(std::move(drain)),
      abort_(std::move(abort)),
      parser_(options.limits),
      timer_(stream_->worker(), [this] { OnTimeout(); }) {}

Task<> Connection::Run() {
  runtime::Stream* const stream = stream_.get();
  const runtime::CancelCallback on_drain(drain_, [stream] { stream->CancelReadsFromAnyThread(); });
  const runtime::CancelCallback on_abort(abort_, [stream] { stream->CancelFromAnyThread(); });
  bool keep_alive = true;
  while (keep_alive) {
    const Next next = co_await ReadRequest();
    if (next == Next::kClose) co_return;
    Response response;
    bool head_only = false;
    if (next == Next::kRequest) {
      response = router_.Handle(request_);
      head_only = request_.method == "HEAD";
    } else {
      response = std::move(refusal_);
    }
    keep_alive = next == Next::kRequest && request_.keep_alive && !drain_.cancelled();
    const bool answered = co_await Answer(std::move(response), head_only, keep_alive);
    if (!answered) co_return;
  }
  co_await Linger();
}

Task<Connection::Next> Connection::ReadRequest() {
  waits_since_ns_ = stream_->worker().clock().MonotonicNs();
  const Next next = co_await AwaitRequest();
  waits_since_ns_.reset();
  co_return next;
}

Task<Connection::Next> Connection::AwaitRequest() {
  bool waits_idle = true;
  Limit(options_.idle_timeout, true);
  while (true) {
    auto parsed = parser_.Next();
    if (!parsed.ok()) {
      refusal_ = ErrorResponse(parsed.error().status, parsed.error().reason);
      co_return Next::kRefuse;
    }
    if (parsed->has_value()) {
      request_ = **parsed;
      co_return Next::kRequest;
    }
    // From the first byte on the whole request has one limit.
    if (waits_idle && !parser_.idle()) {
      waits_idle = false;
      Limit(options_.request_timeout, true);
    }
    const runtime::ReadView view = co_await stream_->ReadSome();
    if (view.ok()) {
      parser_.Feed(view.data);
      continue;
    }
    if (view.status == IoStatus::kCancelled && timed_out_ && !waits_idle) {
      refusal_ = ErrorResponse(408, "the request did not arrive in time");
      co_return Next::kRefuse;
    }
    co_return Next::kClose;
  }
}

Task<bool> Connection::Answer(Response response, bool head_only, bool keep_alive) {
  const std::string bytes =
      FormatResponse(response, head_only, keep_alive, stream_->worker().clock().WallMs());
  Limit(options_.write_timeout, false);
  const runtime::IoResult written = co_await stream_->WriteAll(bytes);
  timer_.Cancel();
  co_return written.ok();
}

// Closing a socket with unread bytes makes the kernel send a reset, which may overtake the answer
// (RFC 9112, section 9.6): say that no more comes, and read on for a moment.
Task<> Connection::Linger() {
  ::shutdown(stream_->fd(), SHUT_WR);
  waits_since_ns_ = stream_->worker().clock().MonotonicNs();
  Limit(options_.linger_timeout, true);
  size_t dropped = 0;
  while (dropped < kLingerBytes) {
    const runtime::ReadView view = co_await stream_->ReadSome();
    if (!view.ok()) co_return;
    dropped += view.data.size();
  }
}

void Connection::Limit(std::chrono::milliseconds time, bool reads_only) {
  timeout_ends_reads_only_ = reads_only;
  timer_.StartAt(stream_->worker().clock().MonotonicNs() + std::chrono::nanoseconds(time).count());
}

// Not Cancel(): that would resume the coroutine inside the timer that it owns.
void Connection::OnTimeout() {
  timed_out_ = true;
  if (timeout_ends_reads_only_) {
    stream_->CancelReadsFromAnyThread();
  } else {
    stream_->CancelFromAnyThread();
  }
}

}  // namespace duet::http
