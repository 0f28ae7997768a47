// What an operation on a socket came to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace duet::runtime {

enum class IoStatus : uint8_t {
  kOk,
  kEof,    // the peer has closed its side; only reads
  kError,  // `error` is the errno
  kCancelled,
  kInterrupted,  // InterruptRead(); nothing was read, and the stream is as it was
};

struct [[nodiscard]] IoResult {
  size_t bytes = 0;  // done before the operation ended, whatever the status
  IoStatus status = IoStatus::kOk;
  int error = 0;

  bool ok() const { return status == IoStatus::kOk; }
};

// A read into a hot buffer of the worker: valid until the coroutine next suspends.
struct [[nodiscard]] ReadView {
  std::string_view data;
  IoStatus status = IoStatus::kOk;
  int error = 0;

  bool ok() const { return status == IoStatus::kOk; }
};

}  // namespace duet::runtime
