// One key and its value, in one allocation.
//
//   offset 0   u32 length of the value | u16 access | u8 length of the key, 255: long | u8 bits
//        8     i64 expiry               if bits has kHasExpiryField
//              u64 bytes allocated      if bits has kHasSlack
//              u32 length of the key    if the key has 255 bytes or more
//              the key, then the value
//
// A string's value is its bytes, or 8 raw bytes if it is held as an integer; any other type's is a
// pointer to its object, which belongs to the entry (TypeHooks). A 16-byte key with a 32-byte value
// and an expiry take exactly 64 bytes. Allocations are rounded up to a size class (size_class.h),
// so that the size of an allocation is a function of the entry's contents; only an over-allocated
// string (Database::ResizeString) notes its size. Entries are aligned to 16 bytes: the table keeps
// four bits of its own in a pointer.
//
// Thread-compatible: guarded by the lock of the shard that holds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "server/base/numbers.h"

namespace duet::store {

enum class ValueType : uint8_t { kString = 0, kList, kSet, kSortedSet, kHash, kStream };
enum class Encoding : uint8_t { kRaw = 0, kInteger };

inline constexpr size_t kValueTypes = 6;

// No expiry. Any other value is milliseconds since the Unix epoch.
inline constexpr int64_t kNoExpiry = -1;

// Room for the digits of an int64_t, for Entry::StringView.
struct IntegerText {
  char digits[24];
};

// What the store must be able to do with the object of a type other than string. A type to come
// adds its row to the table in entry.cc; nothing else of the store changes.
struct TypeHooks {
  void (*destroy)(void* object) = nullptr;
  size_t (*allocated_bytes)(const void* object) = nullptr;
  void* (*clone)(const void* object) = nullptr;
};

class Entry {
 public:
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  ValueType type() const { return static_cast<ValueType>(bits_ & kTypeMask); }
  Encoding encoding() const { return (bits_ & kIsInteger) ? Encoding::kInteger : Encoding::kRaw; }
  std::string_view key() const { return {key_data(), key_length()}; }
  int64_t expire_at_ms() const { return (bits_ & kHasExpiryField) ? Load<int64_t>(8) : kNoExpiry; }
  bool IsExpired(int64_t now_ms) const {
    const int64_t at = expire_at_ms();
    return at != kNoExpiry && at <= now_ms;
  }

  bool IsInteger() const { return (bits_ & kIsInteger) != 0; }
  // REQUIRES: IsInteger().
  int64_t integer() const { return Load<int64_t>(value_offset()); }
  // The value's bytes; the digits, written into `scratch`, if it is an integer.
  // REQUIRES: type() is kString.
  std::string_view StringView(IntegerText& scratch) const {
    if (!IsInteger()) return {reinterpret_cast<const char*>(this) + value_offset(), length_};
    return {scratch.digits, FormatInt64(integer(), scratch.digits)};
  }
  // As StringView().size(). REQUIRES: type() is kString.
  size_t StringSize() const;
  // The string was written into or appended to (Database::ResizeString) since it was set.
  bool WasResized() const { return (bits_ & kWasResized) != 0; }
  // REQUIRES: type() is not kString.
  void* object() const { return Load<void*>(value_offset()); }

  // The entry's allocation as the allocator rounds it, and its object's.
  size_t allocated_bytes() const;
  // What is kept of the entry's use (access_rule.h).
  uint16_t access() const { return access_; }
  void set_access(uint16_t access) { access_ = access; }

  // For the store. The caller owns what New… returns and gives it to Destroy.
  // A canonical integer is held as one.
  static Entry* NewString(std::string_view key, std::string_view value, int64_t expire_at_ms);
  static Entry* NewInteger(std::string_view key, int64_t value, int64_t expire_at_ms);
  // As bytes, whatever they say.
  static Entry* NewBytes(std::string_view key, std::string_view value, int64_t expire_at_ms);
  // A string of `size` bytes not yet written, in an allocation for `capacity` bytes of value.
  static Entry* NewRaw(std::string_view key, size_t size, size_t capacity, int64_t expire_at_ms);
  // Takes `object`. REQUIRES: `type` is not kString and has hooks.
  static Entry* NewObject(std::string_view key, ValueType type, void* object, int64_t expire_at_ms);
  // A copy of the value (deep) under another key.
  static Entry* Clone(const Entry& from, std::string_view key, int64_t expire_at_ms);
  // Moves the value under another key or expiry and destroys `from`.
  static Entry* Rekey(Entry* from, std::string_view key, int64_t expire_at_ms);
  static void Destroy(Entry* entry);

  // In place, if the allocation keeps its size class. false: nothing changed, make a new entry.
  bool AssignString(std::string_view value, int64_t expire_at_ms);
  bool AssignInteger(int64_t value, int64_t expire_at_ms);
  bool AssignBytes(std::string_view value, int64_t expire_at_ms);
  bool AssignExpiry(int64_t expire_at_ms);
  // REQUIRES: a raw string. false: `size` bytes do not fit or would waste a size class.
  bool AssignSize(size_t size);
  // REQUIRES: a raw string.
  char* raw_data() { return reinterpret_cast<char*>(this) + value_offset(); }
  size_t raw_size() const { return length_; }

 private:
  static constexpr uint8_t kTypeMask = 0x0f;
  static constexpr uint8_t kIsInteger = 0x10;
  static constexpr uint8_t kHasExpiryField = 0x20;  // the field may hold kNoExpiry
  static constexpr uint8_t kHasSlack = 0x40;
  static constexpr uint8_t kWasResized = 0x80;
  static constexpr uint8_t kLongKey = 255;

  struct Shape;

  Entry() = default;
  ~Entry() = default;

  static Entry* New(const Shape& shape, std::string_view key, int64_t expire_at_ms);
  static Entry* NewValue(std::string_view key, uint8_t type_bits, std::string_view bytes,
                         int64_t expire_at_ms);
  bool AssignValue(std::string_view bytes, uint8_t type_bits, int64_t expire_at_ms);
  bool Reshape(const Shape& shape, size_t keep_value_bytes);
  Shape shape() const;
  size_t own_bytes() const;

  template <typename T>
  T Load(size_t offset) const {
    T value;
    std::memcpy(&value, reinterpret_cast<const char*>(this) + offset, sizeof(T));
    return value;
  }
  template <typename T>
  void Store(size_t offset, T value) {
    std::memcpy(reinterpret_cast<char*>(this) + offset, &value, sizeof(T));
  }
  // Where the long key's length lies, or else the key.
  size_t fields_end() const {
    return 8 + ((bits_ & kHasExpiryField) ? 8 : 0) + ((bits_ & kHasSlack) ? 8 : 0);
  }
  size_t key_length() const {
    return key_length_ == kLongKey ? Load<uint32_t>(fields_end()) : key_length_;
  }
  const char* key_data() const {
    return reinterpret_cast<const char*>(this) + fields_end() + (key_length_ == kLongKey ? 4 : 0);
  }
  size_t value_offset() const {
    return fields_end() + (key_length_ == kLongKey ? 4 : 0) + key_length();
  }

  uint32_t length_ = 0;
  uint16_t access_ = 0;
  uint8_t key_length_ = 0;
  uint8_t bits_ = 0;
};
static_assert(sizeof(Entry) == 8);

}  // namespace duet::store
