#include "server/config_messages.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

namespace duet {
namespace {

// How many letters to insert, drop, change or swap to make `b` of `a`.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

// Of `known` and the names of the settings; empty: none is near.
std::string Nearest(std::string_view name, std::vector<std::string_view> known) {
  constexpr size_t kLongestName = 64;
  if (name.size() > kLongestName) return "";
  for (const SettingRow& row : SettingRows()) {
    known.push_back(row.name);
    known.push_back(RedisName(row));
  }
  std::string_view nearest;
  size_t nearest_distance = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const size_t distance = EditDistance(name, candidate);
    if (distance >= nearest_distance) continue;
    nearest = candidate;
    nearest_distance = distance;
  }
  return std::string(nearest);
}

}  // namespace

std::string NearestSetting(std::string_view name) { return Nearest(name, {}); }

std::string NearestFlag(std::string_view name) {
  return Nearest(name, {"help", "version", "check-config", "healthcheck"});
}

std::string InvalidValue(const SettingRow& row, std::string_view where, std::string_view text) {
  if (row.kind == SettingKind::kSecret) return InvalidValue(row, where);
  return absl::StrCat("invalid value '", std::string(text), "' for ", std::string(where),
                      ": must be ", AllowedValues(row));
}

std::string InvalidValue(const SettingRow& row, std::string_view where) {
  return absl::StrCat("invalid value for ", std::string(where), ": must be ", AllowedValues(row));
}

}  // namespace duet
