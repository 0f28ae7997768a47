// Unpacks LZF, which Redis packs long strings of its dumps with.
//
// Source: the format of M. Lehmann's LibLZF. A control byte below 32 is followed by that many bytes
// and one more, as they are. Any other holds a length less 2 in its upper three bits (7: the next
// byte is added to it) and the upper five of a 13-bit distance less 1, whose lower eight follow: so
// many bytes are copied from that far back in what has been unpacked, one after the other.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace duet {

// Fills `out`. False: `packed` is malformed or stands for another number of bytes.
// Reads and writes nothing outside of the two, whatever they hold.
[[nodiscard]] bool LzfUnpack(std::string_view packed, std::span<char> out);

// No packed text of `packed_bytes` stands for more bytes than this (264 for three).
constexpr size_t LzfMostUnpacked(size_t packed_bytes) { return packed_bytes * 88; }

}  // namespace duet
