#include "server/oom_score.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace duet {
namespace {

std::string Failed() {
  return "Failed to set current oom_score_adj: " + std::generic_category().message(errno);
}

}  // namespace

std::optional<std::string> OomScore::ApplyBlocking(const Config& config) {
  if (config.oom_score_adj == OomScoreAdj::kNo && !before_) return std::nullopt;
  if (!before_) {
    int before = 0;
    if (!(std::ifstream(path_) >> before)) return Failed();
    before_ = before;
  }
  int score = *before_;
  if (config.oom_score_adj != OomScoreAdj::kNo) {
    // Of the values the first is for a server that replicates from nobody.
    score = static_cast<int>(config.oom_score_adj_values.at(0));
    if (config.oom_score_adj == OomScoreAdj::kRelative) score += *before_;
  }
  std::ofstream file(path_);
  file << std::clamp(score, -1000, 1000) << std::flush;
  if (!file) return Failed();
  if (config.oom_score_adj == OomScoreAdj::kNo) before_.reset();
  return std::nullopt;
}

}  // namespace duet
