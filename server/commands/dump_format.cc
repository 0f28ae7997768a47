#include "server/commands/dump_format.h"

#include <limits>

#include "server/base/crc64.h"
#include "server/base/lzf.h"
#include "server/base/numbers.h"

namespace duet::commands {
namespace {

constexpr char kTypeString = 0;
constexpr size_t kVersionBytes = 2;
constexpr size_t kChecksumBytes = 8;

// The upper two bits of a length's first byte.
enum LengthKind : uint8_t { k6Bits = 0, k14Bits = 1, kLonger = 2, kEncoded = 3 };
// The first byte of the longer lengths, whole.
constexpr uint8_t k32Bits = 0x80;
constexpr uint8_t k64Bits = 0x81;
// What an encoded string's first byte says in its lower six bits.
enum StringEncoding : uint8_t { kInt8 = 0, kInt16 = 1, kInt32 = 2, kLzf = 3 };

// No text of an integer that is written as one is longer: "-2147483648".
constexpr size_t kMostIntegerDigits = 11;

void AppendLittleEndian(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}
void AppendBigEndian(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xff);
}

void AppendLength(std::string& out, uint64_t length) {
  if (length < 1u << 6) {
    out += static_cast<char>(length);
  } else if (length < 1u << 14) {
    AppendBigEndian(out, length | uint64_t{k14Bits} << 14, 2);
  } else if (length <= std::numeric_limits<uint32_t>::max()) {
    out += static_cast<char>(k32Bits);
    AppendBigEndian(out, length, 4);
  } else {
    out += static_cast<char>(k64Bits);
    AppendBigEndian(out, length, 8);
  }
}

// False: the integer has more than 32 bits, or the string is none.
bool AppendAsInteger(std::string& out, std::string_view value) {
  if (value.size() > kMostIntegerDigits) return false;
  const std::optional<int64_t> integer = ParseInt64(value);
  if (!integer) return false;
  const auto fits = [&integer](auto type) {
    using Limits = std::numeric_limits<decltype(type)>;
    return *integer >= Limits::min() && *integer <= Limits::max();
  };
  if (!fits(int32_t{})) return false;
  const StringEncoding encoding = fits(int8_t{}) ? kInt8 : fits(int16_t{}) ? kInt16 : kInt32;
  out += static_cast<char>(kEncoded << 6 | encoding);
  AppendLittleEndian(out, static_cast<uint64_t>(*integer), size_t{1} << encoding);
  return true;
}

void AppendString(std::string& out, std::string_view value) {
  if (AppendAsInteger(out, value)) return;
  AppendLength(out, value.size());
  out += value;
}

uint64_t LittleEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// Takes a dump apart from its front. Every method says nothing where too few bytes are left.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::optional<std::string_view> Take(uint64_t count) {
    if (count > rest_.size()) return std::nullopt;
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::optional<uint8_t> Byte() {
    const auto taken = Take(1);
    if (!taken) return std::nullopt;
    return static_cast<uint8_t>(taken->front());
  }
  // `*encoding` is set instead where what follows is no length.
  std::optional<uint64_t> Length(std::optional<uint8_t>* encoding = nullptr) {
    const std::optional<uint8_t> first = Byte();
    if (!first) return std::nullopt;
    switch (*first >> 6) {
      case k6Bits:
        return *first & 0x3f;
      case k14Bits: {
        const std::optional<uint8_t> second = Byte();
        if (!second) return std::nullopt;
        return (*first & 0x3f) << 8 | *second;
      }
      case kLonger:
        if (*first == k32Bits) return BigEndian(4);
        if (*first == k64Bits) return BigEndian(8);
        return std::nullopt;
      default:
        if (encoding != nullptr) *encoding = *first & 0x3f;
        return std::nullopt;
    }
  }

 private:
  std::optional<uint64_t> BigEndian(size_t bytes) {
    const auto taken = Take(bytes);
    if (!taken) return std::nullopt;
    uint64_t value = 0;
    for (const char c : *taken) value = value << 8 | static_cast<uint8_t>(c);
    return value;
  }

  std::string_view rest_;
};

std::optional<std::string> ReadInteger(Reader& reader, uint8_t encoding) {
  const auto bytes = reader.Take(size_t{1} << encoding);
  if (!bytes) return std::nullopt;
  const uint64_t value = LittleEndian(*bytes);
  switch (encoding) {
    case kInt8:
      return std::to_string(static_cast<int8_t>(value));
    case kInt16:
      return std::to_string(static_cast<int16_t>(value));
    default:
      return std::to_string(static_cast<int32_t>(value));
  }
}

std::optional<std::string> ReadPacked(Reader& reader, uint64_t max_bytes) {
  const std::optional<uint64_t> packed_bytes = reader.Length();
  if (!packed_bytes) return std::nullopt;
  const std::optional<uint64_t> length = reader.Length();
  if (!length || *length > max_bytes) return std::nullopt;
  const auto packed = reader.Take(*packed_bytes);
  // A few bytes must not make us get memory for many.
  if (!packed || *length > LzfMostUnpacked(packed->size())) return std::nullopt;
  std::string value(*length, '\0');
  if (!LzfUnpack(*packed, value)) return std::nullopt;
  return value;
}

std::optional<std::string> ReadString(Reader& reader, uint64_t max_bytes) {
  std::optional<uint8_t> encoding;
  const std::optional<uint64_t> length = reader.Length(&encoding);
  if (encoding && *encoding <= kInt32) return ReadInteger(reader, *encoding);
  if (encoding == kLzf) return ReadPacked(reader, max_bytes);
  if (!length || *length > max_bytes) return std::nullopt;
  const auto bytes = reader.Take(*length);
  if (!bytes) return std::nullopt;
  return std::string(*bytes);
}

}  // namespace

std::string DumpString(const store::Entry& entry) {
  store::IntegerText scratch;
  const std::string_view value = entry.StringView(scratch);
  std::string dump;
  dump.reserve(value.size() + 32);
  dump += kTypeString;
  AppendString(dump, value);
  AppendLittleEndian(dump, kDumpVersionWritten, kVersionBytes);
  AppendLittleEndian(dump, Crc64(dump), kChecksumBytes);
  return dump;
}

size_t DumpedLength(const store::Entry& entry) {
  store::IntegerText scratch;
  const std::string_view value = entry.StringView(scratch);
  std::string head;
  if (AppendAsInteger(head, value)) return head.size();
  AppendLength(head, value.size());
  return head.size() + value.size();
}

bool IsIntactDump(std::string_view dump) {
  if (dump.size() < kVersionBytes + kChecksumBytes) return false;
  const std::string_view checksum = dump.substr(dump.size() - kChecksumBytes);
  dump.remove_suffix(kChecksumBytes);
  const std::string_view version = dump.substr(dump.size() - kVersionBytes);
  return LittleEndian(version) <= kDumpVersionRead && Crc64(dump) == LittleEndian(checksum);
}

std::optional<std::string> LoadDumpedString(std::string_view dump, uint64_t max_bytes) {
  dump.remove_suffix(kVersionBytes + kChecksumBytes);
  Reader reader(dump);
  if (reader.Byte() != kTypeString) return std::nullopt;
  return ReadString(reader, max_bytes);
}

}  // namespace duet::commands
