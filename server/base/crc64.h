// CRC-64 after Jones, the checksum of Redis' dumps.
//
// Source: the RDB file format; D. T. Jones, "An improved 64-bit cyclic redundancy check for protein
// sequences". Polynomial ad93d23594c935a9, bits reflected, nothing inverted; of "123456789" it is
// e9c6d914c4b8d9ca.
#pragma once

#include <cstdint>
#include <string_view>

namespace duet {

// Goes on from `crc`, which is 0 for the first bytes.
uint64_t Crc64(std::string_view bytes, uint64_t crc = 0);

}  // namespace duet
