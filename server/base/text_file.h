// Small files that are read and written as a whole: passwords, settings.
//
// Thread-safe as far as the files themselves are: two writers of one path replace each other's
// file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace duet {

// The bytes of the file. NotFound: there is none. OutOfRange: it is longer than `max_bytes`.
// InvalidArgument: it cannot be read. The message is the reason alone ("Permission denied").
absl::StatusOr<std::string> ReadFileBlocking(const std::string& path, size_t max_bytes);

// Puts `text` in the place of the file, or of the one that a link leads to, all or nothing: through
// a file beside it, which is on the disk before it takes the name. The mode stays; that of a new
// file is 0644 as the umask has it. The error's message is the reason alone.
absl::Status ReplaceFileBlocking(const std::string& path, std::string_view text);

}  // namespace duet
