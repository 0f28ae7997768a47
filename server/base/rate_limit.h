// How often a line is logged: not more than so many times a second, each by itself.
//
// What is logged because of what clients do must not let them fill a disk or hide other lines.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace duet {

// Thread-safe. Two threads at the turn of a second may let a few more pass.
class LineRateLimit {
 public:
  static constexpr uint32_t kPerSecond = 20;

  struct Verdict {
    bool passes;
    uint64_t held_back;  // of this line before, since the last that passed
  };
  // `message` is a constant: its address tells the place in the code that logs it.
  Verdict Ask(std::string_view message, int64_t now_ns);
  // All that did not pass.
  uint64_t held_back() const { return held_back_.load(std::memory_order_relaxed); }

 private:
  struct Line {
    std::atomic<const char*> message{nullptr};  // null: free
    std::atomic<int64_t> second{-1};
    std::atomic<uint32_t> passed{0};  // in that second
    std::atomic<uint64_t> held_back{0};
  };
  // More than there are places that log. Those beyond would not be limited.
  static constexpr size_t kLines = 128;

  Line* Find(const char* message);

  std::array<Line, kLines> lines_;
  std::atomic<uint64_t> held_back_{0};
};

}  // namespace duet
