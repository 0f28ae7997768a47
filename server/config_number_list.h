// Settings that are a list of numbers, separated by spaces ("50 99 99.9").
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace duet {

// What a row asks of its list; the bounds of each number are the row's own.
struct NumberListRule {
  size_t least;  // so many numbers at least; 0: the list may be empty
  size_t most;
  bool whole;                      // no fractions
  std::string_view malformed;      // Redis' words for what is no such list,
  std::string_view out_of_bounds;  // and for a number beyond the bounds
};

enum class ListFault { kMalformed, kOutOfBounds };

// Leaves `numbers` as they were on a fault.
[[nodiscard]] std::optional<ListFault> AssignNumberList(std::string_view text,
                                                        const NumberListRule& rule, int64_t min,
                                                        int64_t max, std::vector<double>& numbers);
std::string FormatNumberList(const std::vector<double>& numbers);
// At the most six digits behind the point, and none that says nothing.
std::string FormatListNumber(double number);

}  // namespace duet
