// oom-score-adj: how soon the kernel ends this process where memory runs out.
//
// Source: proc(5), /proc/pid/oom_score_adj: from -1000 (never) to 1000 (first). Lowering it below
// what the process started with is a privilege.
//
// Thread-compatible: the settings call it one at a time.
#pragma once

#include <optional>
#include <string>

#include "server/config.h"

namespace duet {

class OomScore {
 public:
  explicit OomScore(std::string path = "/proc/self/oom_score_adj") : path_(std::move(path)) {}

  // Writes the score that the configuration asks for; what was there before comes back when it asks
  // for none. A complaint in Redis' words when the kernel refuses.
  [[nodiscard]] std::optional<std::string> ApplyBlocking(const Config& config);

 private:
  const std::string path_;
  std::optional<int> before_;  // set while the score is ours
};

}  // namespace duet
