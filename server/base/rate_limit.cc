#include "server/base/rate_limit.h"

namespace duet {

LineRateLimit::Line* LineRateLimit::Find(const char* message) {
  const size_t first = (reinterpret_cast<uintptr_t>(message) >> 3) % kLines;
  for (size_t i = 0; i < kLines; ++i) {
    Line& line = lines_[(first + i) % kLines];
    const char* expected = nullptr;
    if (line.message.load(std::memory_order_relaxed) == message) return &line;
    if (line.message.compare_exchange_strong(expected, message)) return &line;
    if (expected == message) return &line;
  }
  return nullptr;
}

LineRateLimit::Verdict LineRateLimit::Ask(std::string_view message, int64_t now_ns) {
  Line* const line = Find(message.data());
  if (line == nullptr) return {true, 0};
  const int64_t second = now_ns / 1'000'000'000;
  if (line->second.exchange(second, std::memory_order_relaxed) != second) {
    line->passed.store(0, std::memory_order_relaxed);
  }
  if (line->passed.fetch_add(1, std::memory_order_relaxed) < kPerSecond) {
    return {true, line->held_back.exchange(0, std::memory_order_relaxed)};
  }
  line->held_back.fetch_add(1, std::memory_order_relaxed);
  held_back_.fetch_add(1, std::memory_order_relaxed);
  return {false, 0};
}

}  // namespace duet
