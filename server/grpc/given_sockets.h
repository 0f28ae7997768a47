// How many of the sockets that were given to gRPC are still open. gRPC does not say when it closes
// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/types.h>
#include <vector>

namespace duet::rpc {

// A descriptor that was closed has no inode any more, and one that was closed and used again has
// another: sockets count up an inode number of 32 bits. They are looked at only when as many were
// given as may be open, and then at most every kLookEveryMs: whoever connects and is refused, again
// and again, costs no more.
// Thread-compatible.
class GivenSockets {
 public:
  static constexpr int64_t kLookEveryMs = 100;

  explicit GivenSockets(size_t max) : max_(max) {}

  // Counts `fd`, an open socket, from now on; false: there are `max` already. May say false up to
  // kLookEveryMs after one was closed.
  [[nodiscard]] bool Add(int fd, int64_t now_ms);
  size_t max() const { return max_; }

 private:
  struct Socket {
    int fd;
    ino_t inode;
  };
  void ForgetClosed();

  const size_t max_;
  std::vector<Socket> sockets_;
  int64_t looked_ms_ = INT64_MIN;
};

}  // namespace duet::rpc
