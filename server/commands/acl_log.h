// Who was refused: ACL LOG. With one user who may do everything, that is who gave a wrong password.
//
// What a client tries again within a minute counts up its entry instead of adding one.
// Bounded: at most max_length entries, each with a name of 128 bytes and a line of CLIENT LIST.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace duet::commands {

struct AclLogEntry {
  uint64_t id = 0;  // grows from 0 as long as the process lives
  uint64_t count = 0;
  bool in_transaction = false;
  std::string command;  // as the client wrote it: "AUTH", "HELLO"
  std::string user;
  std::string client;  // as CLIENT LIST shows it
  int64_t created_ms = 0;
  int64_t updated_ms = 0;
};

class AclLog {
 public:
  static constexpr size_t kDefaultLength = 128;
  static constexpr size_t kMaxUserBytes = 128;

  // A refusal at `updated_ms`. The entry's id, count and creation are set here. Of many entries the
  // one goes that was not seen for the longest time.
  void Add(AclLogEntry entry) ABSL_LOCKS_EXCLUDED(mutex_);
  // At most `count`, the newest first.
  std::vector<AclLogEntry> Newest(size_t count) const ABSL_LOCKS_EXCLUDED(mutex_);
  void Reset() ABSL_LOCKS_EXCLUDED(mutex_);
  // acllog-max-len.
  void set_max_length(size_t max) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  mutable absl::Mutex mutex_;
  std::deque<AclLogEntry> entries_ ABSL_GUARDED_BY(mutex_);  // the newest in front
  size_t max_length_ ABSL_GUARDED_BY(mutex_) = kDefaultLength;
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace duet::commands
