// What the allocator says of itself. Source: jemalloc's mallctl where the process runs on jemalloc,
// glibc's mallinfo2 else.
//
// Thread-safe. Takes microseconds.
#pragma once

#include <cstdint>
#include <string>

namespace duet::commands {

struct AllocatorFigures {
  std::string name;              // "jemalloc-5.3.0", "libc"
  uint64_t allocated_bytes = 0;  // by the program
  uint64_t active_bytes = 0;     // in the pages that hold them; 0: not known
  uint64_t resident_bytes = 0;   // mapped by the allocator; 0: not known
};

AllocatorFigures ReadAllocatorFigures();

}  // namespace duet::commands
