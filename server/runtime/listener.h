// Listening TCP and Unix-domain sockets.
//
//   absl::StatusOr<std::unique_ptr<Listener>> door = Listener::Tcp(worker, "127.0.0.1", 0);
//   AcceptResult accepted = co_await (*door)->Accept();
//
// Thread class: worker-bound, on the worker it was made for; made by any thread, before its first
// Accept(). *FromAnyThread() are thread-safe while it lives. Destroyed on its worker (or after the
// worker has stopped) with no Accept() pending.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "server/runtime/io_result.h"
#include "server/runtime/stream.h"
#include "server/runtime/timer.h"
#include "server/runtime/unique_fd.h"
#include "server/runtime/waiter.h"
#include "server/runtime/worker.h"

namespace duet::runtime {

struct [[nodiscard]] AcceptResult {
  std::unique_ptr<Stream> stream;  // null unless kOk; on the worker that it should live on
  IoStatus status = IoStatus::kOk;
  int error = 0;  // errno of kError: the listener itself is broken
};

class Listener final : private EventHandler {
 public:
  static constexpr int kDefaultBacklog = 511;

  // `host` as in ParseTcpAddress(); port 0 picks a free one. Never shares a port. An IPv6 listener
  // takes IPv6 only. Errors read "cannot listen on 127.0.0.1:6379: Address already in use".
  static absl::StatusOr<std::unique_ptr<Listener>> Tcp(Worker& worker, const std::string& host,
                                                       int port, int backlog = kDefaultBacklog);
  // A socket that nobody listens on any more is replaced; one in use is an error, and so is a file
  // of another kind. `mode` is the file's permission bits, from its first moment. The file is
  // removed with the listener.
  static absl::StatusOr<std::unique_ptr<Listener>> Unix(Worker& worker, const std::string& path,
                                                        int mode = 0700,
                                                        int backlog = kDefaultBacklog);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  class [[nodiscard]] AcceptAwaiter;
  // co_await: the next connection, on Runtime::WorkerForNewConnection(); kCancelled, or kError.
  // Without descriptors or memory it pauses for 100 ms and goes on; connections that died in the
  // backlog are skipped. While nobody accepts, connections wait in the backlog.
  AcceptAwaiter Accept();

  // Ends the pending and all later Accept()s with kCancelled; the coroutine is resumed inline.
  void Cancel();
  // The same a moment later. New connections are refused at once.
  void CancelFromAnyThread();

  Worker& worker() const { return worker_; }
  int port() const { return port_; }                       // 0 for Unix
  const std::string& address() const { return address_; }  // "127.0.0.1:6379", "/run/duet.sock"
  uint64_t pauses() const { return pauses_.Value(); }      // thread-safe: times out of descriptors

 private:
  Listener(Worker& worker, UniqueFd fd, std::string address, int port, std::string unlink_path);

  void OnEvents(uint32_t events) override;
  // True if the Accept has an outcome.
  bool TryAccept(AcceptResult& result);
  void SetInterest(uint32_t interest);
  void Pause();

  Worker& worker_;
  UniqueFd fd_;
  const std::string address_;
  const int port_;
  const std::string unlink_path_;  // empty for TCP
  bool registered_ = false;
  uint32_t interest_ = 0;
  int burst_left_ = 0;  // accepts that may be tried without asking epoll again
  std::atomic<bool> cancelled_{false};
  AcceptAwaiter* acceptor_ = nullptr;
  Timer resume_timer_;
  Figure pauses_;
};

class Listener::AcceptAwaiter final : public Waiter {
 public:
  explicit AcceptAwaiter(Listener& listener) : listener_(listener) {}
  bool await_ready();
  void await_suspend(std::coroutine_handle<> handle);
  AcceptResult await_resume() { return std::move(result_); }

 private:
  friend class Listener;
  Listener& listener_;
  AcceptResult result_;
};

inline Listener::AcceptAwaiter Listener::Accept() { return AcceptAwaiter(*this); }

}  // namespace duet::runtime
