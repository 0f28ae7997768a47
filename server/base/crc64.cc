// Eight bytes at a time ("slicing by 8"): table n holds what a byte brings about that n more bytes
// follow, so that eight look-ups which do not wait for each other stand for eight that do.
#include "server/base/crc64.h"

#include <array>
#include <cstddef>

namespace duet {
namespace {

constexpr uint64_t kReflectedPolynomial = 0x95ac9329ac4bc9b5;
constexpr size_t kSlices = 8;

using Tables = std::array<std::array<uint64_t, 256>, kSlices>;

constexpr Tables MakeTables() {
  Tables tables{};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? kReflectedPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint64_t before = tables[slice - 1][byte];
      tables[slice][byte] = tables[0][before & 0xff] ^ (before >> 8);
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

uint64_t Crc64(std::string_view bytes, uint64_t crc) {
  const auto byte = [&bytes](size_t i) { return uint64_t{static_cast<uint8_t>(bytes[i])}; };
  while (bytes.size() >= kSlices) {
    for (size_t i = 0; i < kSlices; ++i) crc ^= byte(i) << (8 * i);
    uint64_t next = 0;
    for (size_t i = 0; i < kSlices; ++i) {
      next ^= kTables[kSlices - 1 - i][(crc >> (8 * i)) & 0xff];
    }
    crc = next;
    bytes.remove_prefix(kSlices);
  }
  for (size_t i = 0; i < bytes.size(); ++i) crc = kTables[0][(crc ^ byte(i)) & 0xff] ^ (crc >> 8);
  return crc;
}

}  // namespace duet
