#include "server/commands/slow_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace duet::commands {
namespace {

constexpr size_t kMaxWords = 32;
constexpr size_t kMaxWordBytes = 128;

}  // namespace

std::vector<std::string> TrimForSlowLog(std::span<const std::string_view> words) {
  std::vector<std::string> trimmed;
  const bool too_many = words.size() > kMaxWords;
  const size_t kept = too_many ? kMaxWords - 1 : words.size();
  for (const std::string_view word : words.first(kept)) {
    trimmed.emplace_back(word.substr(0, kMaxWordBytes));
    if (word.size() > kMaxWordBytes) {
      absl::StrAppend(&trimmed.back(), "... (", word.size() - kMaxWordBytes, " more bytes)");
    }
  }
  if (too_many) trimmed.push_back(absl::StrCat("... (", words.size() - kept, " more arguments)"));
  return trimmed;
}

void SlowLog::Add(SlowLogEntry entry) {
  absl::MutexLock lock(&mutex_);
  entry.id = next_id_++;
  entries_.push_front(std::move(entry));
  if (entries_.size() > max_length_) entries_.pop_back();
}

std::vector<SlowLogEntry> SlowLog::Newest(size_t count) const {
  absl::MutexLock lock(&mutex_);
  const size_t given = std::min(count, entries_.size());
  return {entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(given)};
}

uint64_t SlowLog::next_id() const {
  absl::MutexLock lock(&mutex_);
  return next_id_;
}

size_t SlowLog::length() const {
  absl::MutexLock lock(&mutex_);
  return entries_.size();
}

void SlowLog::Reset() {
  absl::MutexLock lock(&mutex_);
  entries_.clear();
}

void SlowLog::set_max_length(size_t max) {
  absl::MutexLock lock(&mutex_);
  max_length_ = max;
  if (entries_.size() > max) entries_.resize(max);
}

}  // namespace duet::commands
