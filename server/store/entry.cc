#include "server/store/entry.h"

#include <limits>
#include <new>
#include <optional>

#include "server/base/check.h"
#include "server/store/size_class.h"

namespace duet::store {
namespace {

// A value this large always has room for an expiry, so that EXPIRE does not move it.
constexpr size_t kLargeValue = 1024;

// One row a ValueType. kString has no object.
constexpr TypeHooks kTypeHooks[kValueTypes] = {};

const TypeHooks& HooksOf(ValueType type) {
  const auto row = static_cast<size_t>(type);
  DUET_CHECK(row < kValueTypes && kTypeHooks[row].destroy != nullptr, "a type without hooks");
  return kTypeHooks[row];
}

// The integer that `value` is held as, if it is one. Most values are longer than any.
std::optional<int64_t> HeldInteger(std::string_view value) {
  constexpr size_t kLongest = std::string_view("-9223372036854775808").size();
  return value.size() > kLongest ? std::nullopt : ParseInt64(value);
}

}  // namespace

// What determines where everything lies.
struct Entry::Shape {
  uint8_t bits;
  size_t key_length;
  size_t value_length;

  size_t fields_end() const {
    return 8 + ((bits & kHasExpiryField) ? 8 : 0) + ((bits & kHasSlack) ? 8 : 0);
  }
  size_t key_block_bytes() const { return key_length + (key_length >= kLongKey ? 4 : 0); }
  size_t value_offset() const { return fields_end() + key_block_bytes(); }
  size_t total() const { return value_offset() + value_length; }

  static Shape Of(uint8_t type_bits, size_t key_length, size_t value_length, int64_t expire_at_ms) {
    const bool field = expire_at_ms != kNoExpiry || value_length >= kLargeValue;
    return {static_cast<uint8_t>(type_bits | (field ? kHasExpiryField : 0)), key_length,
            value_length};
  }
};

Entry::Shape Entry::shape() const { return {bits_, key_length(), length_}; }

size_t Entry::own_bytes() const {
  if (bits_ & kHasSlack) return Load<uint64_t>(fields_end() - 8);
  return SizeClass(value_offset() + length_);
}

size_t Entry::allocated_bytes() const {
  if (type() == ValueType::kString) return own_bytes();
  return own_bytes() + HooksOf(type()).allocated_bytes(object());
}

size_t Entry::StringSize() const {
  if (!IsInteger()) return length_;
  IntegerText scratch;
  return StringView(scratch).size();
}

Entry* Entry::New(const Shape& shape, std::string_view key, int64_t expire_at_ms) {
  constexpr size_t kMax = std::numeric_limits<uint32_t>::max();
  DUET_CHECK(shape.value_length <= kMax && shape.key_length <= kMax, "key or value over 4 GiB");
  size_t bytes = SizeClass(shape.total());
  Entry* entry = new (::operator new(bytes)) Entry();
  entry->bits_ = shape.bits;
  entry->length_ = static_cast<uint32_t>(shape.value_length);
  entry->key_length_ =
      static_cast<uint8_t>(shape.key_length >= kLongKey ? kLongKey : shape.key_length);
  if (shape.bits & kHasExpiryField) entry->Store<int64_t>(8, expire_at_ms);
  if (shape.bits & kHasSlack) entry->Store<uint64_t>(shape.fields_end() - 8, bytes);
  if (shape.key_length >= kLongKey) {
    entry->Store<uint32_t>(shape.fields_end(), static_cast<uint32_t>(shape.key_length));
  }
  if (!key.empty()) std::memcpy(const_cast<char*>(entry->key_data()), key.data(), key.size());
  return entry;
}

Entry* Entry::NewValue(std::string_view key, uint8_t type_bits, std::string_view bytes,
                       int64_t expire_at_ms) {
  Entry* entry =
      New(Shape::Of(type_bits, key.size(), bytes.size(), expire_at_ms), key, expire_at_ms);
  if (!bytes.empty()) std::memcpy(entry->raw_data(), bytes.data(), bytes.size());
  return entry;
}

Entry* Entry::NewString(std::string_view key, std::string_view value, int64_t expire_at_ms) {
  if (const auto integer = HeldInteger(value)) return NewInteger(key, *integer, expire_at_ms);
  return NewValue(key, 0, value, expire_at_ms);
}

Entry* Entry::NewInteger(std::string_view key, int64_t value, int64_t expire_at_ms) {
  return NewValue(key, kIsInteger, {reinterpret_cast<const char*>(&value), sizeof value},
                  expire_at_ms);
}

Entry* Entry::NewBytes(std::string_view key, std::string_view value, int64_t expire_at_ms) {
  return NewValue(key, 0, value, expire_at_ms);
}

Entry* Entry::NewRaw(std::string_view key, size_t size, size_t capacity, int64_t expire_at_ms) {
  const auto bits = static_cast<uint8_t>(kWasResized | (capacity > size ? kHasSlack : 0));
  const Shape shape = Shape::Of(bits, key.size(), capacity, expire_at_ms);
  Entry* entry = New(shape, key, expire_at_ms);
  entry->length_ = static_cast<uint32_t>(size);
  return entry;
}

Entry* Entry::NewObject(std::string_view key, ValueType type, void* object, int64_t expire_at_ms) {
  HooksOf(type);  // checks that it has some
  return NewValue(key, static_cast<uint8_t>(type),
                  {reinterpret_cast<const char*>(&object), sizeof object}, expire_at_ms);
}

Entry* Entry::Clone(const Entry& from, std::string_view key, int64_t expire_at_ms) {
  if (from.type() != ValueType::kString) {
    return NewObject(key, from.type(), HooksOf(from.type()).clone(from.object()), expire_at_ms);
  }
  Entry* copy = NewValue(key, from.bits_ & (kIsInteger | kWasResized),
                         {const_cast<Entry&>(from).raw_data(), from.length_}, expire_at_ms);
  copy->access_ = from.access_;
  return copy;
}

Entry* Entry::Rekey(Entry* from, std::string_view key, int64_t expire_at_ms) {
  if (from->type() == ValueType::kString) {
    Entry* entry = Clone(*from, key, expire_at_ms);
    Destroy(from);
    return entry;
  }
  Entry* entry = NewObject(key, from->type(), from->object(), expire_at_ms);
  entry->access_ = from->access_;
  Deallocate(from, from->own_bytes());
  return entry;
}

void Entry::Destroy(Entry* entry) {
  if (entry->type() != ValueType::kString) HooksOf(entry->type()).destroy(entry->object());
  Deallocate(entry, entry->own_bytes());
}

// Moves the key, and the first `keep_value_bytes` of the value, to where `to` has them.
// false: the allocation would be of another class. Only exact entries (no slack) may change bits.
bool Entry::Reshape(const Shape& to, size_t keep_value_bytes) {
  const Shape from = shape();
  const size_t allocated = own_bytes();
  if (to.bits & kHasSlack) {
    if (to.total() > allocated) return false;
  } else if (SizeClass(to.total()) != allocated) {
    return false;
  }
  char* base = reinterpret_cast<char*>(this);
  const auto move_value = [&] {
    if (keep_value_bytes > 0) {
      std::memmove(base + to.value_offset(), base + from.value_offset(), keep_value_bytes);
    }
  };
  if (to.fields_end() != from.fields_end()) {
    const bool up = to.fields_end() > from.fields_end();
    if (up) move_value();
    std::memmove(base + to.fields_end(), base + from.fields_end(), from.key_block_bytes());
    if (!up) move_value();
  }
  bits_ = to.bits;
  length_ = static_cast<uint32_t>(to.value_length);
  if (bits_ & kHasSlack) Store<uint64_t>(fields_end() - 8, allocated);
  return true;
}

bool Entry::AssignValue(std::string_view bytes, uint8_t type_bits, int64_t expire_at_ms) {
  if ((bits_ & kHasSlack) || type() != ValueType::kString) return false;
  // A view into this very entry (a caller that writes back what it read) takes the way by a copy.
  const char* base = reinterpret_cast<const char*>(this);
  if (bytes.data() >= base && bytes.data() < base + value_offset() + length_) return false;
  // Another value of the same kind and size, the commonest of writes.
  if (bits_ == type_bits && length_ == bytes.size() && expire_at_ms == kNoExpiry) {
    if (!bytes.empty()) std::memcpy(raw_data(), bytes.data(), bytes.size());
    return true;
  }
  if (!Reshape(Shape::Of(type_bits, key_length(), bytes.size(), expire_at_ms), 0)) return false;
  if (bits_ & kHasExpiryField) Store<int64_t>(8, expire_at_ms);
  if (!bytes.empty()) std::memcpy(raw_data(), bytes.data(), bytes.size());
  return true;
}

bool Entry::AssignString(std::string_view value, int64_t expire_at_ms) {
  if (const auto integer = HeldInteger(value)) return AssignInteger(*integer, expire_at_ms);
  return AssignValue(value, 0, expire_at_ms);
}

bool Entry::AssignInteger(int64_t value, int64_t expire_at_ms) {
  return AssignValue({reinterpret_cast<const char*>(&value), sizeof value}, kIsInteger,
                     expire_at_ms);
}

bool Entry::AssignBytes(std::string_view value, int64_t expire_at_ms) {
  return AssignValue(value, 0, expire_at_ms);
}

bool Entry::AssignExpiry(int64_t expire_at_ms) {
  Shape to = shape();
  const bool optional = length_ < kLargeValue && !(bits_ & kHasSlack);
  if (expire_at_ms != kNoExpiry) {
    to.bits |= kHasExpiryField;
  } else if (optional) {
    to.bits &= static_cast<uint8_t>(~kHasExpiryField);
  }
  if (to.bits != bits_ && !Reshape(to, length_)) return false;
  if (bits_ & kHasExpiryField) Store<int64_t>(8, expire_at_ms);
  return true;
}

bool Entry::AssignSize(size_t size) {
  DUET_DCHECK(type() == ValueType::kString && !IsInteger(), "not a raw string");
  const size_t allocated = own_bytes();
  const size_t total = value_offset() + size;
  if (bits_ & kHasSlack) {
    if (total > allocated || allocated > 4 * total) return false;
  } else if (SizeClass(total) != allocated) {
    return false;
  }
  length_ = static_cast<uint32_t>(size);
  bits_ |= kWasResized;
  return true;
}

}  // namespace duet::store
