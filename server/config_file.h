// A configuration file, in the syntax of redis.conf: a setting a line, its name (a flag's, or the
// one of Redis) and its value, in quotes where it holds spaces; a '#' in front makes a comment.
//
// Of a setting given twice the last line counts; client-output-buffer-limit adds up by class. What
// stands for something that this server does not have (config_fixed.h) may be there with the one
// value that is true. A file that asks for anything else is refused as a whole.
//
// Thread-safe: pure functions, but for the ones that block.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "server/api/settings.h"
#include "server/config.h"

namespace duet {

inline constexpr size_t kMaxConfigFileBytes = 1 << 20;

// Sets what the text says. The error is a line for each of the first lines that are wrong, and one
// for the rest: "redis.conf:12: unknown setting prt; did you mean port?". It shows no value, and of
// a line that is none of a configuration nothing but how its first word begins: the path may be
// that of a key or of /etc/shadow, and errors go into logs.
absl::Status ApplyConfigText(std::string_view path, std::string_view text, Config& config);

// The text changed so that it says what `wanted` says, as Redis' CONFIG REWRITE does it: comments,
// order and all lines that are true stay; a line that is not gets the new value in its place; what
// is not the default (or everything, for kAll) and has no line is appended. The error: the text is
// not one that ApplyConfigText takes.
absl::StatusOr<std::string> RewriteConfigText(std::string_view path, std::string_view text,
                                              const Config& wanted, RewriteScope scope);

// The text of the file. The error names the path.
absl::StatusOr<std::string> ReadConfigFileBlocking(const std::string& path);

}  // namespace duet
