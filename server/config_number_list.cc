#include "server/config_number_list.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace duet {

std::optional<ListFault> AssignNumberList(std::string_view text, const NumberListRule& rule,
                                          int64_t min, int64_t max, std::vector<double>& numbers) {
  std::vector<double> found;
  for (const absl::string_view word :
       absl::StrSplit(absl::string_view(text.data(), text.size()), ' ', absl::SkipEmpty())) {
    double number = 0;
    const bool plain = word.find_first_not_of("0123456789.-") == word.npos;
    if (!plain || !absl::SimpleAtod(word, &number)) return ListFault::kMalformed;
    if (rule.whole && number != std::floor(number)) return ListFault::kMalformed;
    if (number < static_cast<double>(min) || number > static_cast<double>(max)) {
      return ListFault::kOutOfBounds;
    }
    found.push_back(number);
  }
  if (found.size() < rule.least || found.size() > rule.most) return ListFault::kMalformed;
  numbers = std::move(found);
  return std::nullopt;
}

std::string FormatListNumber(double number) {
  const std::string text = absl::StrFormat("%.6f", number);
  const size_t last = text.find_last_not_of('0');
  return text.substr(0, text[last] == '.' ? last : last + 1);
}

std::string FormatNumberList(const std::vector<double>& numbers) {
  return absl::StrJoin(
      numbers, " ", [](std::string* out, double number) { out->append(FormatListNumber(number)); });
}

}  // namespace duet
