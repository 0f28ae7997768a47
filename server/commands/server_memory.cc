#include "server/commands/server_memory.h"

#include <cstddef>
#include <malloc.h>

// Weak: null where jemalloc is not linked in.
extern "C" int mallctl(const char* name, void* old_value, size_t* old_size, void* new_value,
                       size_t new_size) __attribute__((weak));

namespace duet::commands {
namespace {

uint64_t JemallocNumber(const char* name) {
  size_t value = 0;
  size_t size = sizeof(value);
  return mallctl(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}

AllocatorFigures ReadJemalloc() {
  // Its statistics stand still between epochs.
  uint64_t epoch = 1;
  mallctl("epoch", nullptr, nullptr, &epoch, sizeof(epoch));
  AllocatorFigures figures{.name = "jemalloc",
                           .allocated_bytes = JemallocNumber("stats.allocated"),
                           .active_bytes = JemallocNumber("stats.active"),
                           .resident_bytes = JemallocNumber("stats.resident")};
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

}  // namespace duet::commands
