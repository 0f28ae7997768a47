#include "server/runtime/listener.h"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "server/base/check.h"
#include "server/runtime/address.h"
#include "server/runtime/runtime.h"

namespace duet::runtime {

namespace {

constexpr auto kPause = std::chrono::milliseconds(100);
constexpr int kBurst = 64;  // connections accepted in one turn before the others have theirs

absl::Status CannotListen(const std::string& where, int error) {
  return absl::UnavailableError(absl::StrCat("cannot listen on ", where, ": ", strerror(error)));
}

bool SomeoneListens(const sockaddr_un& address, socklen_t length) {
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return true;
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0) return true;
  return errno != ECONNREFUSED && errno != ENOENT;
}

// Removes a socket file that nobody listens on. 0, or the errno that says why `path` cannot be
// used.
int RemoveStaleSocket(const std::string& path, const sockaddr_un& address, socklen_t length) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return errno == ENOENT ? 0 : errno;
  if (!S_ISSOCK(info.st_mode)) return EEXIST;
  if (SomeoneListens(address, length)) return EADDRINUSE;
  return ::unlink(path.c_str()) == 0 ? 0 : errno;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Tcp(Worker& worker, const std::string& host,
                                                        int port, int backlog) {
  absl::StatusOr<SocketAddress> address = ParseTcpAddress(host, port);
  if (!address.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot listen on ", host, ":", port, ": ", address.status().message()));
  }
  const std::string where = FormatAddress(*address);
  UniqueFd fd(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return CannotListen(where, errno);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address->storage.ss_family == AF_INET6) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  if (::bind(fd.get(), address->get(), address->length) != 0 || ::listen(fd.get(), backlog) != 0) {
    return CannotListen(where, errno);
  }
  SocketAddress bound;
  bound.length = sizeof(bound.storage);
  if (::getsockname(fd.get(), bound.get(), &bound.length) != 0) return CannotListen(where, errno);
  const in_port_t bound_port = bound.storage.ss_family == AF_INET6
                                   ? reinterpret_cast<sockaddr_in6*>(&bound.storage)->sin6_port
                                   : reinterpret_cast<sockaddr_in*>(&bound.storage)->sin_port;
  return std::unique_ptr<Listener>(
      new Listener(worker, std::move(fd), FormatAddress(bound), ntohs(bound_port), ""));
}

absl::StatusOr<std::unique_ptr<Listener>> Listener::Unix(Worker& worker, const std::string& path,
                                                         int mode, int backlog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty()) return CannotListen("an empty path", ENOENT);
  if (path.size() >= sizeof(address.sun_path)) return CannotListen(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);

  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return CannotListen(path, errno);
  if (const int error = RemoveStaleSocket(path, address, length); error != 0) {
    return CannotListen(path, error);
  }
  // The umask first: there must be no moment in which others may connect.
  const mode_t old_mask = ::umask(0777);
  const bool bound = ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) == 0;
  const int bind_error = errno;
  ::umask(old_mask);
  if (!bound) return CannotListen(path, bind_error);
  if (::chmod(path.c_str(), static_cast<mode_t>(mode)) != 0 || ::listen(fd.get(), backlog) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    return CannotListen(path, error);
  }
  return std::unique_ptr<Listener>(new Listener(worker, std::move(fd), path, 0, path));
}

Listener::Listener(Worker& worker, UniqueFd fd, std::string address, int port,
                   std::string unlink_path)
    : worker_(worker),
      fd_(std::move(fd)),
      address_(std::move(address)),
      port_(port),
      unlink_path_(std::move(unlink_path)),
      resume_timer_(worker, [this] {
        if (acceptor_ != nullptr) SetInterest(EPOLLIN);
      }) {}

Listener::~Listener() {
  DUET_CHECK(acceptor_ == nullptr, "a listener died under its Accept()");
  if (registered_) worker_.Unwatch(fd_.get(), this);
  if (!unlink_path_.empty()) ::unlink(unlink_path_.c_str());
}

void Listener::SetInterest(uint32_t interest) {
  if (!registered_) {
    worker_.Watch(fd_.get(), interest, this);
    registered_ = true;
  } else if (interest != interest_) {
    worker_.Rewatch(fd_.get(), interest, this);
  }
  interest_ = interest;
}

void Listener::Pause() {
  pauses_.Add();
  SetInterest(0);
  resume_timer_.Start(kPause);
}

bool Listener::TryAccept(AcceptResult& result) {
  if (cancelled_.load(std::memory_order_acquire)) {
    result.status = IoStatus::kCancelled;
    return true;
  }
  while (burst_left_-- > 0) {
    UniqueFd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.valid()) {
      Worker& home = worker_.runtime().WorkerForNewConnection();
      result.stream = std::make_unique<Stream>(home, std::move(fd));
      return true;
    }
    switch (errno) {
      case EAGAIN:
        burst_left_ = 0;
        return false;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        burst_left_ = 0;
        Pause();
        return false;
      case EBADF:
      case EINVAL:
      case ENOTSOCK:
      case EOPNOTSUPP:
        result.error = errno;
        result.status =
            cancelled_.load(std::memory_order_acquire) ? IoStatus::kCancelled : IoStatus::kError;
        return true;
      default:
        break;  // accept(2): errors of the new connection, which is gone; try the next
    }
  }
  burst_left_ = 0;
  return false;
}

void Listener::OnEvents(uint32_t) {
  if (acceptor_ == nullptr) {
    // A shut down listener reports EPOLLHUP for ever, which cannot be masked.
    worker_.Unwatch(fd_.get(), this);
    registered_ = false;
    return;
  }
  burst_left_ = kBurst;
  if (TryAccept(acceptor_->result_)) std::exchange(acceptor_, nullptr)->Complete(true);
}

void Listener::Cancel() {
  cancelled_.store(true, std::memory_order_release);
  resume_timer_.Cancel();
  if (acceptor_ == nullptr) return;
  acceptor_->result_.status = IoStatus::kCancelled;
  std::exchange(acceptor_, nullptr)->Complete(true);
}

void Listener::CancelFromAnyThread() {
  cancelled_.store(true, std::memory_order_release);
  ::shutdown(fd_.get(), SHUT_RDWR);  // makes the socket ready, and the kernel refuse connections
}

bool Listener::AcceptAwaiter::await_ready() { return listener_.TryAccept(result_); }

void Listener::AcceptAwaiter::await_suspend(std::coroutine_handle<> handle) {
  DUET_DCHECK(listener_.worker_.RunsOnThisThread(), "Accept() runs on the listener's worker");
  DUET_DCHECK(listener_.acceptor_ == nullptr, "two Accept()s at once");
  BindTo(handle, nullptr);
  listener_.acceptor_ = this;
  if (!listener_.resume_timer_.running()) listener_.SetInterest(EPOLLIN);
}

}  // namespace duet::runtime
