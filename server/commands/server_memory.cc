#include "server/commands/server_memory.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <malloc.h>

// Weak: null where jemalloc is not linked in.
extern "C" int mallctl(const char* name, void* old_value, size_t* old_size, void* new_value,
                       size_t new_size) __attribute__((weak));
extern "C" void malloc_stats_print(void (*write)(void* context, const char* text), void* context,
                                   const char* options) __attribute__((weak));

namespace duet::commands {
namespace {

uint64_t JemallocNumber(const char* name) {
  size_t value = 0;
  size_t size = sizeof(value);
  return mallctl(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}

// Its statistics stand still between epochs.
void BeginJemallocEpoch() {
  uint64_t epoch = 1;
  mallctl("epoch", nullptr, nullptr, &epoch, sizeof(epoch));
}

// What threads keep in their caches counts as allocated until it goes back to an arena. 4096 stands
// for all arenas.
uint64_t JemallocAllocated() {
  const uint64_t allocated = JemallocNumber("stats.allocated");
  return allocated - std::min(allocated, JemallocNumber("stats.arenas.4096.tcache_bytes"));
}

AllocatorFigures ReadJemalloc() {
  BeginJemallocEpoch();
  AllocatorFigures figures{
      .name = "jemalloc",
      .allocated_bytes = JemallocAllocated(),
      .active_bytes = JemallocNumber("stats.active"),
      .resident_bytes = JemallocNumber("stats.resident"),
      .muzzy_bytes = JemallocNumber("stats.arenas.4096.pmuzzy") * JemallocNumber("arenas.page")};
  const char* version = nullptr;
  size_t size = sizeof(version);
  if (mallctl("version", &version, &size, nullptr, 0) == 0 && version != nullptr) {
    const std::string full(version);  // "5.3.0-0-g54eaed1d8b56b1aa528be3bdd1877e59c56fa90c"
    figures.name += "-" + full.substr(0, full.find('-'));
  }
  return figures;
}

}  // namespace

AllocatorFigures ReadAllocatorFigures() {
  if (mallctl != nullptr) return ReadJemalloc();
  const struct mallinfo2 info = mallinfo2();
  return {.name = "libc", .allocated_bytes = info.uordblks + info.hblkhd};
}

std::string AllocatorStatistics() {
  std::string text;
  if (malloc_stats_print != nullptr) {
    const auto append = [](void* context, const char* part) {
      static_cast<std::string*>(context)->append(part);
    };
    malloc_stats_print(append, &text, nullptr);
    return text;
  }
  char* buffer = nullptr;
  size_t size = 0;
  if (FILE* stream = open_memstream(&buffer, &size)) {
    malloc_info(0, stream);
    std::fclose(stream);
    text.assign(buffer, size);
    std::free(buffer);
  }
  return text;
}

bool PurgeAllocator() {
  if (mallctl != nullptr) return mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0) == 0;
  malloc_trim(0);
  return true;
}

uint64_t AllocatedBytes() {
  if (mallctl == nullptr) return ReadAllocatorFigures().allocated_bytes;
  BeginJemallocEpoch();
  return JemallocAllocated();
}

}  // namespace duet::commands
