// The settings while the server runs: CONFIG GET and CONFIG SET over a Config.
//
// What CONFIG GET says is true: a setting that can be changed is one for which somebody registered
// with OnChange how the change takes effect; all others take the value that they have and no other.
// So do the parameters of Redis that stand for something this server does not have
// (config_fixed.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "server/api/settings.h"
#include "server/config.h"
#include "server/config_fixed.h"
#include "server/config_table.h"

namespace duet {

// Thread-safe.
class ConfigSettings final : public Settings {
 public:
  explicit ConfigSettings(Config config);

  // Puts a changed setting into effect, or says why it cannot (a sentence for CONFIG SET's error).
  // Runs on the thread of the CONFIG SET, under the settings' lock: it must not call back.
  using Apply = std::function<std::optional<std::string>(const Config& changed)>;
  // REQUIRES: `name` is a row whose `runtime` is true; once a name; before the server serves.
  void OnChange(std::string_view name, Apply apply) ABSL_LOCKS_EXCLUDED(mutex_);

  // What the server found out while it started: the port that was free, the number of threads.
  // REQUIRES: the row has a number.
  void Report(std::string_view name, int64_t value) ABSL_LOCKS_EXCLUDED(mutex_);

  Config config() const ABSL_LOCKS_EXCLUDED(mutex_);

  std::vector<std::pair<std::string, std::string>> Get(std::string_view pattern) const override
      ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<Error> Set(const std::vector<std::pair<std::string, std::string>>& pairs) override
      ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<Error> RewriteBlocking(RewriteScope scope) override ABSL_LOCKS_EXCLUDED(mutex_);
  std::string Value(std::string_view name) const override ABSL_LOCKS_EXCLUDED(mutex_);
  int64_t Number(std::string_view name) const override ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  std::optional<Error> CheckNames(const std::vector<std::pair<std::string, std::string>>& pairs)
      const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string FixedValue(const FixedParameter& fixed) const;
  std::optional<Error> Assign(const std::string& given_name, const std::string& value,
                              Config& changed, std::vector<const SettingRow*>& rows) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<Config> WantedInFile(std::string_view text) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<Error> ApplyAll(const std::vector<const SettingRow*>& rows, const Config& changed)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string directory_;  // "dir"
  const Config start_;           // as the server was started
  mutable absl::Mutex mutex_;    // held while changes are applied, so that they come one by one
  Config config_ ABSL_GUARDED_BY(mutex_);
  std::map<const SettingRow*, Apply> apply_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace duet
