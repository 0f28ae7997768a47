#include "server/commands/latency_graph.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"

namespace duet::commands {
namespace {

constexpr size_t kColumns = 80;
constexpr int kRows = 4;
constexpr std::string_view kParts = "_o#";
constexpr int kPartsPerRow = static_cast<int>(kParts.size());

struct Bar {
  int parts = 0;  // of kRows * kPartsPerRow
  std::string label;
};

std::string Ago(int64_t seconds) {
  if (seconds < 60) return absl::StrCat(seconds, "s");
  if (seconds < 3600) return absl::StrCat(seconds / 60, "m");
  if (seconds < 24 * 3600) return absl::StrCat(seconds / 3600, "h");
  return absl::StrCat(seconds / (24 * 3600), "d");
}

std::vector<Bar> MakeBars(const LatencySeries& series, int64_t low_ms, int64_t high_ms,
                          int64_t now_s) {
  constexpr int kHeight = kRows * kPartsPerRow;
  const int64_t range_ms = std::max<int64_t>(high_ms - low_ms, 1);
  std::vector<Bar> bars;
  for (const LatencySample& sample : series.samples) {
    const auto parts = static_cast<int>((sample.latency_ms - low_ms) * kHeight / range_ms);
    bars.push_back({.parts = std::min(parts, kHeight - 1), .label = Ago(now_s - sample.time_s)});
  }
  return bars;
}

char CharacterOf(const Bar& bar, int row) {
  const int part = bar.parts - row * kPartsPerRow;
  if (part < 0) return ' ';
  return part < kPartsPerRow ? kParts[static_cast<size_t>(part)] : '|';
}

// A block of at most kColumns bars with their labels.
void AppendBlock(const std::vector<Bar>& bars, std::string& text) {
  for (int row = kRows - 1; row >= 0; --row) {
    for (const Bar& bar : bars) text += CharacterOf(bar, row);
    text += '\n';
  }
  text.append(bars.size(), ' ').append("\n");
  size_t longest = 0;
  for (const Bar& bar : bars) longest = std::max(longest, bar.label.size());
  for (size_t i = 0; i < longest; ++i) {
    for (const Bar& bar : bars) text += i < bar.label.size() ? bar.label[i] : ' ';
    text += '\n';
  }
}

}  // namespace

std::string LatencyGraph(const LatencySeries& series, int64_t now_s) {
  const auto by_latency = [](const LatencySample& a, const LatencySample& b) {
    return a.latency_ms < b.latency_ms;
  };
  const auto [low, high] =
      std::minmax_element(series.samples.begin(), series.samples.end(), by_latency);
  std::string text = absl::StrCat(series.event, " - high ", high->latency_ms, " ms, low ",
                                  low->latency_ms, " ms (all time high ", series.max_ms, " ms)\n");
  text.append(kColumns, '-').append("\n");
  const std::vector<Bar> bars = MakeBars(series, low->latency_ms, high->latency_ms, now_s);
  for (size_t begin = 0; begin < bars.size(); begin += kColumns) {
    if (begin > 0) text += '\n';
    const size_t end = std::min(begin + kColumns, bars.size());
    AppendBlock({bars.begin() + static_cast<std::ptrdiff_t>(begin),
                 bars.begin() + static_cast<std::ptrdiff_t>(end)},
                text);
  }
  return text;
}

}  // namespace duet::commands
