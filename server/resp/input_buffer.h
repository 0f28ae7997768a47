// Bytes that a client sent and that did not end with a command: contiguous, so that the parser's
// views work on it, and grown as they arrive.
//
// Thread-compatible.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "server/base/check.h"

namespace duet::resp {

class InputBuffer {
 public:
  InputBuffer() = default;
  ~InputBuffer() { std::free(data_); }
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }

  // Room for at least `bytes` behind the end, not initialised. Moves the bytes that are there.
  std::span<char> Tail(size_t bytes) {
    if (capacity_ - size_ < bytes) {
      capacity_ = size_ + (bytes > size_ / 2 ? bytes : size_ / 2);
      data_ = static_cast<char*>(std::realloc(data_, capacity_));
      DUET_CHECK(data_ != nullptr, "out of memory");
    }
    return {data_ + size_, capacity_ - size_};
  }
  // The first `bytes` of the last Tail() have been filled.
  void Commit(size_t bytes) { size_ += bytes; }

  // Keeps only `rest`, which lies in this buffer or elsewhere. Empty: gives the memory back.
  void Keep(std::string_view rest) {
    if (rest.empty()) {
      std::free(std::exchange(data_, nullptr));
      size_ = capacity_ = 0;
      return;
    }
    const bool inside = data_ != nullptr && rest.data() >= data_ && rest.data() < data_ + size_;
    if (!inside) {
      size_ = 0;
      Tail(rest.size());
    }
    std::memmove(data_, rest.data(), rest.size());
    size_ = rest.size();
  }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace duet::resp
