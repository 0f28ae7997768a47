#include "server/base/lzf.h"

#include <cstdint>
#include <cstring>

namespace duet {

bool LzfUnpack(std::string_view packed, std::span<char> out) {
  size_t in = 0;
  size_t at = 0;
  const auto next = [&]() -> size_t { return static_cast<uint8_t>(packed[in++]); };
  while (in < packed.size()) {
    const size_t control = next();
    size_t length = control >> 5;
    if (length == 0) {
      const size_t run = control + 1;
      if (run > packed.size() - in || run > out.size() - at) return false;
      std::memcpy(out.data() + at, packed.data() + in, run);
      in += run;
      at += run;
      continue;
    }
    const size_t bytes_left = length == 7 ? 2 : 1;
    if (packed.size() - in < bytes_left) return false;
    if (length == 7) length += next();
    length += 2;
    const size_t distance = ((control & 31) << 8 | next()) + 1;
    if (distance > at || length > out.size() - at) return false;
    // Not memcpy: a copy may go on with what it has just written.
    for (size_t i = 0; i < length; ++i, ++at) out[at] = out[at - distance];
  }
  return at == out.size();
}

}  // namespace duet
