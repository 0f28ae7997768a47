// A look at what streams have received ahead of their readers' turns (worker.h), in time to ask the
// cache for what these will need.
//
// Thread class: worker-bound; thread-safe where streams of several workers have the same one.
#pragma once

#include <cstdint>
#include <string_view>

namespace duet::runtime {

class InputPreview {
 public:
  // Right after receiving. Returns what Prefetch() is given; 0: it need not be called.
  virtual uint64_t Look(std::string_view input) = 0;
  // The reader's turn is next.
  virtual void Prefetch(uint64_t seen) = 0;

 protected:
  ~InputPreview() = default;
};

}  // namespace duet::runtime
