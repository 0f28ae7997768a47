// The settings that CONFIG GET and CONFIG SET see. server/config.h implements it; commands only
// know this interface.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/api/error.h"

namespace duet {

// The settings that the configuration file has a line for once it is rewritten, beside those that
// it has one for already: those that are not as they are by default, or all.
enum class RewriteScope : uint8_t { kNotDefault, kAll };

// Thread-safe.
class Settings {
 public:
  virtual ~Settings() = default;
  // Names and values of the settings that a glob pattern matches (case-insensitive), by name.
  virtual std::vector<std::pair<std::string, std::string>> Get(std::string_view pattern) const = 0;
  // Sets all of the pairs or none. The error is Redis' line, e.g. "ERR Unknown option or number of
  // arguments for CONFIG SET - 'foo'" or "ERR CONFIG SET failed (possibly related to argument ...".
  virtual std::optional<Error> Set(
      const std::vector<std::pair<std::string, std::string>>& pairs) = 0;
  // Writes what is set now into the configuration file. The error is Redis' line. Blocks the thread
  // for as long as the file system takes.
  virtual std::optional<Error> RewriteBlocking(RewriteScope scope) = 0;
  // The value of one setting by its exact name; empty if there is none.
  virtual std::string Value(std::string_view name) const = 0;
  // As Value, for a number. 0 if there is none.
  virtual int64_t Number(std::string_view name) const = 0;
};

}  // namespace duet
