// Settings for tests: a map, without bounds. Tests that need a setting to take effect say how.
#pragma once

#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/api/settings.h"
#include "server/base/glob.h"

namespace duet::testing {

// Thread-compatible.
class MapSettings final : public Settings {
 public:
  std::map<std::string, std::string, std::less<>> values = {
      {"appendonly", "no"},
      {"databases", "16"},
      {"latency-monitor-threshold", "0"},
      {"latency-tracking", "yes"},
      {"latency-tracking-info-percentiles", "50 99 99.9"},
      {"lfu-decay-time", "1"},
      {"lfu-log-factor", "10"},
      {"maxclients", "10000"},
      {"maxmemory", "0"},
      {"port", "6379"},
      {"maxmemory-policy", "noeviction"},
      {"requirepass", ""},
      {"save", ""},
      {"slowlog-log-slower-than", "-1"},
      {"slowlog-max-len", "128"},
      {"timeout", "0"},
  };
  // Called for each setting that CONFIG SET has changed.
  std::function<void(const std::string& name, const std::string& value)> on_change;

  std::vector<std::pair<std::string, std::string>> Get(std::string_view pattern) const override {
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& [name, value] : values) {
      if (GlobMatch(pattern, name, /*ignore_case=*/true)) found.emplace_back(name, value);
    }
    return found;
  }
  std::optional<Error> Set(const std::vector<std::pair<std::string, std::string>>& pairs) override {
    for (const auto& [name, value] : pairs) {
      if (!values.contains(name)) {
        return MakeError(
            ErrorCode::kGeneric,
            "ERR Unknown option or number of arguments for CONFIG SET - '" + name + "'");
      }
    }
    for (const auto& [name, value] : pairs) {
      values[name] = value;
      if (on_change) on_change(name, value);
    }
    return std::nullopt;
  }
  std::optional<Error> RewriteBlocking(RewriteScope) override {
    return MakeError(ErrorCode::kGeneric, "ERR The server is running without a config file");
  }
  std::string Value(std::string_view name) const override {
    const auto found = values.find(name);
    return found == values.end() ? "" : found->second;
  }
  int64_t Number(std::string_view name) const override {
    return std::strtoll(Value(name).c_str(), nullptr, 10);
  }
};

}  // namespace duet::testing
