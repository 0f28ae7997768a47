// A copy of some bytes in a heap block of exactly their size, so that ASan sees any over-read.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>

namespace duet::resp {

class HeapCopy {
 public:
  explicit HeapCopy(std::string_view bytes) : block_(new char[bytes.size()]), size_(bytes.size()) {
    if (!bytes.empty()) std::memcpy(block_.get(), bytes.data(), bytes.size());
  }
  std::string_view view() const { return {block_.get(), size_}; }

 private:
  std::unique_ptr<char[]> block_;
  size_t size_;
};

}  // namespace duet::resp
