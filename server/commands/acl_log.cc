#include "server/commands/acl_log.h"

#include <algorithm>
#include <utility>

#include "server/base/numbers.h"

namespace duet::commands {
namespace {

constexpr int64_t kSameWithinMs = 60'000;
// How many of the newest entries are looked at for one that is the same, as in Redis.
constexpr std::ptrdiff_t kCompared = 10;

bool AreTheSame(const AclLogEntry& old, const AclLogEntry& entry) {
  return old.in_transaction == entry.in_transaction && old.user == entry.user &&
         EqualsIgnoreCase(old.command, entry.command) &&
         entry.updated_ms - old.updated_ms <= kSameWithinMs;
}

}  // namespace

void AclLog::Add(AclLogEntry entry) {
  if (entry.user.size() > kMaxUserBytes) entry.user.resize(kMaxUserBytes);
  absl::MutexLock lock(&mutex_);
  const auto end =
      entries_.begin() + std::min(kCompared, static_cast<std::ptrdiff_t>(entries_.size()));
  const auto same = std::find_if(
      entries_.begin(), end, [&entry](const AclLogEntry& old) { return AreTheSame(old, entry); });
  if (same != end) {
    entry.id = same->id;
    entry.count = same->count + 1;
    entry.created_ms = same->created_ms;
    entries_.erase(same);
  } else {
    entry.id = next_id_++;
    entry.count = 1;
    entry.created_ms = entry.updated_ms;
  }
  entries_.push_front(std::move(entry));
  if (entries_.size() > max_length_) entries_.resize(max_length_);
}

std::vector<AclLogEntry> AclLog::Newest(size_t count) const {
  absl::MutexLock lock(&mutex_);
  const size_t given = std::min(count, entries_.size());
  return {entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(given)};
}

void AclLog::Reset() {
  absl::MutexLock lock(&mutex_);
  entries_.clear();
}

void AclLog::set_max_length(size_t max) {
  absl::MutexLock lock(&mutex_);
  max_length_ = max;
  if (entries_.size() > max) entries_.resize(max);
}

}  // namespace duet::commands
