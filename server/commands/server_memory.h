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
  uint64_t allocated_bytes = 0;  // by the program, without what threads keep freed for later
  uint64_t active_bytes = 0;     // in the pages that hold them; 0: not known
  uint64_t resident_bytes = 0;   // mapped by the allocator; 0: not known
  uint64_t muzzy_bytes = 0;      // of these, offered to the kernel and not taken yet
};

AllocatorFigures ReadAllocatorFigures();
// allocated_bytes alone.
uint64_t AllocatedBytes();

// The report that the allocator itself prints, kilobytes of text.
std::string AllocatorStatistics();
// Gives unused pages back to the operating system. False: the allocator could not.
bool PurgeAllocator();

}  // namespace duet::commands
