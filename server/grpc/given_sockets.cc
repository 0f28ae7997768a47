#include "server/grpc/given_sockets.h"

#include <algorithm>
#include <optional>
#include <sys/stat.h>

namespace duet::rpc {
namespace {

std::optional<ino_t> InodeOf(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return std::nullopt;
  return info.st_ino;
}

}  // namespace

bool GivenSockets::Add(int fd, int64_t now_ms) {
  if (sockets_.size() >= max_) {
    // The clock may have been set back.
    if (now_ms >= looked_ms_ && now_ms < looked_ms_ + kLookEveryMs) return false;
    looked_ms_ = now_ms;
    ForgetClosed();
    if (sockets_.size() >= max_) return false;
  }
  const std::optional<ino_t> inode = InodeOf(fd);
  if (inode.has_value()) sockets_.push_back({fd, *inode});
  return inode.has_value();
}

void GivenSockets::ForgetClosed() {
  std::erase_if(sockets_, [](const Socket& socket) { return InodeOf(socket.fd) != socket.inode; });
}

}  // namespace duet::rpc
