#include "server/base/hash.h"

#include <cerrno>
#include <sys/random.h>

#include "server/base/check.h"

// The whole of xxHash in this file: XXH3 is inlined here, and no library has to be linked.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace duet {

uint64_t HashBytes(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

uint64_t RandomSeed() {
  uint64_t seed = 0;
  ssize_t got;
  do {
    got = getrandom(&seed, sizeof(seed), 0);
  } while (got < 0 && errno == EINTR);
  DUET_CHECK(got == sizeof(seed), "the kernel gave no random bytes");
  return seed;
}

}  // namespace duet
