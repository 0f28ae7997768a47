// Choosing entries of a shard at random, for eviction.
#include <algorithm>
#include <array>

#include "server/base/check.h"
#include "server/base/random.h"
#include "server/store/shard.h"

namespace duet::store {
namespace {

// Entries that lie behind each other in the table, from a place that `random` chooses on: one or
// two buckets, and entries that are fetched at once.
size_t SampleTable(const Table& table, int database, uint64_t random, size_t count,
                   const Store::Show& show) {
  std::array<const Entry*, kMostSamples> found;
  size_t in_hand = 0;
  const size_t places = table.PlaceCount();
  size_t place = Below(random, places);
  for (size_t passed = 0; passed < places && in_hand < count; ++passed) {
    if (const Entry* entry = table.At(place)) {
      __builtin_prefetch(entry);
      found[in_hand++] = entry;
    }
    if (++place == places) place = 0;
  }
  for (size_t i = 0; i < in_hand; ++i) show(database, *found[i]);
  return in_hand;
}

}  // namespace

size_t Shard::Sample(int database, Pick pick, uint64_t random, size_t count,
                     const Store::Show& show) {
  DUET_DCHECK(count > 0 && count <= kMostSamples, "a number of samples");
  if (Eligible(database, pick) == 0) return 0;
  ShardData& data = *Find(database);
  switch (pick) {
    case Pick::kAny:
      return SampleTable(data.table, database, random, count, show);
    case Pick::kExpiring:
      return SampleExpiring(data, database, random, count, show);
    case Pick::kSoonest:
      if (const Entry* const soonest = SoonestExpiring(data)) {
        show(database, *soonest);
        return 1;
      }
      return 0;
  }
  return 0;
}

// Items of the index, from one that `random` chooses on. One that stands for nothing is taken out:
// where few keys have an expiry, most may be stale, and each is looked at once then.
size_t Shard::SampleExpiring(ShardData& data, int database, uint64_t random, size_t count,
                             const Store::Show& show) {
  const auto expires = [](const Entry& entry) { return entry.expire_at_ms() != kNoExpiry; };
  ExpiryIndex& index = data.expiry;
  size_t shown = 0;
  size_t at = Below(random, index.size());
  for (size_t left = index.size(); left > 0 && shown < count; --left) {
    if (at >= index.size()) at = 0;
    if (const Slot* const slot = data.table.FindIf(index.At(at).hash, expires)) {
      show(database, *EntryOf(*slot));
      ++shown;
      ++at;
    } else {
      index.Erase(at);
    }
  }
  return shown;
}

// Takes what has gone stale off the front of the index, which whoever looks there next would meet
// again.
const Entry* Shard::SoonestExpiring(ShardData& data) {
  ExpiryIndex& index = data.expiry;
  while (!index.empty()) {
    const int64_t deadline_ms = index.NextDeadlineMs();
    const auto due = [deadline_ms](const Entry& entry) {
      return entry.expire_at_ms() != kNoExpiry && entry.expire_at_ms() <= deadline_ms;
    };
    const ExpiryIndex::Item item = index.Pop();
    const Slot* const slot = data.table.FindIf(item.hash, due);
    PushAgain(data, item);
    if (slot != nullptr) return EntryOf(*slot);
  }
  return nullptr;
}

}  // namespace duet::store
