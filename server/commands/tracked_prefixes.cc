#include "server/commands/tracked_prefixes.h"

#include <utility>

#include "server/base/absl_view.h"

namespace duet::commands {

void TrackedPrefixes::Add(std::string_view prefix, uint64_t client) {
  absl::WriterMutexLock lock(&mutex_);
  std::unique_ptr<Prefix>& place = prefixes_[AbslView(prefix)];
  if (place == nullptr) {
    place = std::make_unique<Prefix>();
    ++lengths_[prefix.size()];
  }
  place->clients.insert(client);
}

void TrackedPrefixes::Remove(std::string_view prefix, uint64_t client) {
  absl::WriterMutexLock lock(&mutex_);
  const auto place = prefixes_.find(AbslView(prefix));
  if (place == prefixes_.end()) return;
  place->second->clients.erase(client);
  if (!place->second->clients.empty()) return;
  prefixes_.erase(place);
  const auto length = lengths_.find(prefix.size());
  if (--length->second == 0) lengths_.erase(length);
}

void TrackedPrefixes::KeyChanged(std::string_view key, store::Origin origin) {
  absl::ReaderMutexLock lock(&mutex_);
  for (const auto& [length, count] : lengths_) {
    if (length > key.size()) break;
    const auto place = prefixes_.find(AbslView(key.substr(0, length)));
    if (place == prefixes_.end()) continue;
    Prefix& prefix = *place->second;
    absl::MutexLock prefix_lock(&prefix.mutex);
    prefix.changed[AbslView(key)] = origin;
    state_.fetch_or(kChanges, std::memory_order_release);
  }
}

void TrackedPrefixes::Tell(absl::FunctionRef<void(uint64_t, const Changed&)> tell) {
  absl::MutexLock telling(&telling_);
  state_.exchange(kTells, std::memory_order_acq_rel);
  absl::ReaderMutexLock lock(&mutex_);
  for (const auto& [text, prefix] : prefixes_) {
    Changed changed;
    {
      absl::MutexLock prefix_lock(&prefix->mutex);
      changed = std::exchange(prefix->changed, {});
    }
    if (changed.empty()) continue;
    for (const uint64_t client : prefix->clients) tell(client, changed);
  }
  state_.fetch_and(~uint32_t{kTells}, std::memory_order_release);
}

size_t TrackedPrefixes::size() const {
  absl::ReaderMutexLock lock(&mutex_);
  return prefixes_.size();
}

}  // namespace duet::commands
