// The little of protobuf's wire format that the Pipeline stream needs: tags, varints and lengths.
// Source: protobuf.dev/programming-guides/encoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace duet::rpc {

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr uint32_t WireTag(int field, WireType type) {
  return (static_cast<uint32_t>(field) << 3) | static_cast<uint32_t>(type);
}

constexpr size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

inline constexpr size_t kMaxVarintBytes = 10;

// Writes `value` at `to`, which has room for kMaxVarintBytes; gives the end of it.
inline char* PutVarint(char* to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
  *to++ = static_cast<char>(value);
  return to;
}

inline void AppendVarint(std::string& out, uint64_t value) {
  char bytes[kMaxVarintBytes];
  out.append(bytes, static_cast<size_t>(PutVarint(bytes, value) - bytes));
}

// A field of bytes, a string or a message.
inline void AppendBytes(std::string& out, uint32_t tag, std::string_view bytes) {
  AppendVarint(out, tag);
  AppendVarint(out, bytes.size());
  out.append(bytes);
}

// Reads a message's fields from bytes that outlive it. Every method returns false where the bytes
// are not a well-formed message; nothing may be read after that.
// Thread-compatible.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes)
      : next_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool done() const { return next_ == end_; }

  bool Varint(uint64_t& value) {
    if (next_ != end_ && static_cast<uint8_t>(*next_) < 0x80) [[likely]] {
      value = static_cast<uint8_t>(*next_++);
      return true;
    }
    return LongVarint(value);
  }
  // The bytes of a field of WireType::kBytes.
  bool Bytes(std::string_view& bytes) {
    uint64_t size;
    if (!Varint(size) || size > static_cast<size_t>(end_ - next_)) return false;
    bytes = std::string_view(next_, static_cast<size_t>(size));
    next_ += size;
    return true;
  }
  // Field number 0 is malformed.
  bool Tag(uint32_t& tag) {
    uint64_t value;
    if (!Varint(value) || value > UINT32_MAX || value < 8) return false;
    tag = static_cast<uint32_t>(value);
    return true;
  }
  // A field that this version of the API does not know. Groups, long out of use, are malformed.
  bool Skip(uint32_t tag) {
    uint64_t ignored;
    std::string_view bytes;
    switch (static_cast<WireType>(tag & 7)) {
      case WireType::kVarint:
        return Varint(ignored);
      case WireType::kFixed64:
        return Advance(8);
      case WireType::kBytes:
        return Bytes(bytes);
      case WireType::kFixed32:
        return Advance(4);
    }
    return false;
  }

 private:
  bool LongVarint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && next_ != end_; shift += 7) {
      const uint8_t byte = static_cast<uint8_t>(*next_++);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool Advance(size_t count) {
    if (count > static_cast<size_t>(end_ - next_)) return false;
    next_ += count;
    return true;
  }

  const char* next_;
  const char* end_;
};

}  // namespace duet::rpc
