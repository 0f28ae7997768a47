// The bytes on their way to a socket: one contiguous block that grows, without the zero fill and
// the terminator of std::string.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "server/base/check.h"

namespace duet::resp {

// Thread-compatible.
class OutputBuffer {
 public:
  OutputBuffer() = default;
  ~OutputBuffer() { std::free(data_); }
  OutputBuffer(OutputBuffer&& other) noexcept { Swap(other); }
  OutputBuffer& operator=(OutputBuffer&& other) noexcept {
    Swap(other);
    return *this;
  }

  const char* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  size_t capacity() const { return capacity_; }
  std::string_view view() const { return std::string_view(data_, size_); }

  // Room for `bytes` more behind what is there; Commit says how many of them were written.
  char* Reserve(size_t bytes) {
    if (capacity_ - size_ < bytes) [[unlikely]] {
      Grow(bytes);
    }
    return data_ + size_;
  }
  void Commit(size_t bytes) { size_ += bytes; }

  void Append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(Reserve(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }

  // Takes back what was written behind the first `size` bytes. REQUIRES: size <= size().
  void Truncate(size_t size) { size_ = size; }

  // Keeps the memory for the next batch, unless it is more than kKeptBytes.
  void Clear() {
    size_ = 0;
    if (capacity_ > kKeptBytes) Release();
  }
  // Gives the memory back.
  void Release() {
    std::free(std::exchange(data_, nullptr));
    size_ = capacity_ = 0;
  }
  void Swap(OutputBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  static constexpr size_t kKeptBytes = 1 << 20;

 private:
  static constexpr size_t kFirstBytes = 4096;

  void Grow(size_t bytes) {
    const size_t wanted = std::max({size_ + bytes, capacity_ * 2, kFirstBytes});
    // realloc moves large blocks by remapping pages, not by copying them.
    char* const grown = static_cast<char*>(std::realloc(data_, wanted));
    DUET_CHECK(grown != nullptr, "out of memory");
    data_ = grown;
    capacity_ = wanted;
  }

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace duet::resp
