#include "server/commands/tracked_keys.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"

#include "server/base/absl_view.h"

namespace duet::commands {

TrackedKeys::Part& TrackedKeys::PartOf(std::string_view key) {
  // The upper bits, since the part's own table takes the lower ones.
  return parts_[(absl::HashOf(key) >> 32) % kParts];
}

void TrackedKeys::Add(std::string_view key, uint64_t client,
                      absl::FunctionRef<bool(uint64_t)> tracks) {
  Part& part = PartOf(key);
  absl::MutexLock lock(&part.mutex);
  const auto [place, added] = part.clients.try_emplace(AbslView(key));
  if (added) keys_.fetch_add(1, std::memory_order_relaxed);
  Ids& ids = place->second;
  if (std::ranges::find(ids, client) != ids.end()) return;
  if (ids.size() == ids.capacity()) {
    const size_t before = ids.size();
    ids.erase(std::remove_if(ids.begin(), ids.end(), [&](uint64_t id) { return !tracks(id); }),
              ids.end());
    items_.fetch_sub(before - ids.size(), std::memory_order_relaxed);
  }
  ids.push_back(client);
  items_.fetch_add(1, std::memory_order_relaxed);
}

TrackedKeys::Ids TrackedKeys::Take(std::string_view key) {
  Part& part = PartOf(key);
  absl::MutexLock lock(&part.mutex);
  const auto place = part.clients.find(AbslView(key));
  if (place == part.clients.end()) return {};
  Ids taken = std::move(place->second);
  part.clients.erase(place);
  CountTaken(taken);
  return taken;
}

TrackedKeys::Taken TrackedKeys::TakeBeyond(size_t max_keys) {
  const size_t first = next_part_.fetch_add(1, std::memory_order_relaxed);
  for (size_t i = 0; i < kParts && keys() > max_keys; ++i) {
    Part& part = parts_[(first + i) % kParts];
    absl::MutexLock lock(&part.mutex);
    if (part.clients.empty()) continue;
    const auto place = part.clients.begin();
    Taken taken{place->first, std::move(place->second)};
    part.clients.erase(place);
    CountTaken(taken.clients);
    // The first key of a table that most has been taken from is far from its beginning.
    if (part.clients.size() < part.clients.capacity() / 8) part.clients.rehash(0);
    return taken;
  }
  return {};
}

void TrackedKeys::Clear() {
  for (Part& part : parts_) {
    absl::MutexLock lock(&part.mutex);
    for (const auto& [key, clients] : part.clients) CountTaken(clients);
    part.clients.clear();
  }
}

void TrackedKeys::CountTaken(const Ids& clients) {
  keys_.fetch_sub(1, std::memory_order_relaxed);
  items_.fetch_sub(clients.size(), std::memory_order_relaxed);
}

}  // namespace duet::commands
