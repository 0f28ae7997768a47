// The bytes on their way to a socket: one contiguous block that grows, without the zero fill and
// the terminator of std::string. It may have a limit: one command can ask for more than memory has
// (MGET of a large value, a million times), and whoever writes replies cannot stop in the middle.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
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
  // Has it been written beyond its limit? Then its bytes mean nothing, until it is cleared.
  bool overflowed() const { return overflowed_; }
  size_t capacity() const { return capacity_; }
  std::string_view view() const { return std::string_view(data_, size_); }

  // Where growing would take it beyond so many bytes, it drops what it holds instead, and what is
  // written from then on. What fits into memory that it has already is not looked at.
  void set_limit(size_t bytes) { limit_ = bytes; }

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

  // Keeps the memory for the next batch, unless it is more than kKeptBytes.
  void Clear() {
    size_ = 0;
    overflowed_ = false;
    if (capacity_ > kKeptBytes) Release();
  }
  // Gives the memory back.
  void Release() {
    std::free(std::exchange(data_, nullptr));
    size_ = capacity_ = 0;
    overflowed_ = false;
  }
  void Swap(OutputBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(limit_, other.limit_);
    std::swap(overflowed_, other.overflowed_);
  }

  static constexpr size_t kKeptBytes = 1 << 20;

 private:
  static constexpr size_t kFirstBytes = 4096;

  void Grow(size_t bytes) {
    if (overflowed_ || bytes > limit_ || size_ > limit_ - bytes) {
      overflowed_ = true;
      size_ = 0;
      if (bytes <= capacity_) return;
    }
    const size_t wanted = std::max({size_ + bytes, std::min(capacity_ * 2, limit_), kFirstBytes});
    // realloc moves large blocks by remapping pages, not by copying them.
    char* const grown = static_cast<char*>(std::realloc(data_, wanted));
    DUET_CHECK(grown != nullptr, "out of memory");
    data_ = grown;
    capacity_ = wanted;
  }

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t limit_ = SIZE_MAX;
  bool overflowed_ = false;
};

}  // namespace duet::resp
