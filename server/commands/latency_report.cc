#include "server/commands/latency_report.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace duet::commands {
namespace {

struct Summary {
  int64_t average_ms = 0;
  int64_t mean_deviation_ms = 0;
  double seconds_per_sample = 0;
};

Summary Summarize(const LatencySeries& series, int64_t now_s) {
  const auto count = static_cast<int64_t>(series.samples.size());
  Summary summary;
  for (const LatencySample& sample : series.samples) summary.average_ms += sample.latency_ms;
  summary.average_ms /= count;
  for (const LatencySample& sample : series.samples) {
    summary.mean_deviation_ms += std::abs(sample.latency_ms - summary.average_ms);
  }
  summary.mean_deviation_ms /= count;
  const int64_t period_s = std::max<int64_t>(now_s - series.samples.front().time_s, 1);
  summary.seconds_per_sample = static_cast<double>(period_s) / static_cast<double>(count);
  return summary;
}

std::string AdviceFor(const std::string& event, const LatencyThresholds& thresholds) {
  if (event == "fast-command") {
    return "Commands that touch one key took long: the machine gives this process too little CPU "
           "time. Look at the load, at the CPU limit of the container (throttling) and at its "
           "neighbours; redis-cli --intrinsic-latency measures the machine alone.";
  }
  if (event == "expire-cycle") {
    return "Erasing expired keys took long: very many keys expire at the same moment, or very "
           "large "
           "ones do. Spread the expiry times.";
  }
  if (event != "command") return "";
  const int64_t threshold_us = thresholds.latency_ms * 1000;
  if (thresholds.slower_than_us < 0 || thresholds.slower_than_us > threshold_us) {
    return absl::StrCat(
        "SLOWLOG does not keep the commands that caused it; CONFIG SET slowlog-log-slower-than ",
        threshold_us, " makes it do so.");
  }
  return "SLOWLOG GET shows which commands they were. Commands with very many keys or very large "
         "values keep their connection's other commands waiting: split them.";
}

}  // namespace

std::string LatencyReport(const std::vector<LatencySeries>& all,
                          const LatencyThresholds& thresholds, int64_t now_s) {
  if (all.empty() && thresholds.latency_ms == 0) {
    return "No latency events are recorded, because latency-monitor-threshold is 0. CONFIG SET "
           "latency-monitor-threshold <milliseconds> begins to record what takes that long.\n";
  }
  if (all.empty()) {
    return absl::StrCat("Nothing took ", thresholds.latency_ms,
                        " ms or longer since the server started, or since LATENCY RESET.\n");
  }
  std::string report = "Recorded latency events:\n\n";
  std::string advice;
  for (size_t i = 0; i < all.size(); ++i) {
    const LatencySeries& series = all[i];
    const Summary summary = Summarize(series, now_s);
    absl::StrAppendFormat(&report,
                          "%d. %s: %d, on average %d ms (mean deviation %d ms), one every %.2f "
                          "seconds. The longest took %d ms.\n",
                          i + 1, series.event, series.samples.size(), summary.average_ms,
                          summary.mean_deviation_ms, summary.seconds_per_sample, series.max_ms);
    const std::string text = AdviceFor(series.event, thresholds);
    if (!text.empty()) absl::StrAppend(&advice, "- ", series.event, ": ", text, "\n");
  }
  if (!advice.empty()) absl::StrAppend(&report, "\nWhat may help:\n\n", advice);
  return report;
}

}  // namespace duet::commands
