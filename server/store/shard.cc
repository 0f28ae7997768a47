#include "server/store/shard.h"

#include <algorithm>
#include <utility>

#include "server/base/check.h"

namespace duet::store {

Shard::~Shard() {
  for (auto& other : others_) delete other.load();
}

ShardData& Shard::FindOrMake(int database) {
  if (ShardData* data = Peek(database)) return *data;
  auto* made = new ShardData;
  others_[static_cast<size_t>(database)].store(made, std::memory_order_release);
  return *made;
}

namespace {

// Counts what a table or an index gains or loses while this lives.
template <typename Sized>
class GrowthOf {
 public:
  GrowthOf(const Sized& sized, int64_t& growth)
      : sized_(sized), growth_(growth), before_(sized.allocated_bytes()) {}
  ~GrowthOf() {
    growth_ += static_cast<int64_t>(sized_.allocated_bytes()) - static_cast<int64_t>(before_);
  }
  GrowthOf(const GrowthOf&) = delete;
  GrowthOf& operator=(const GrowthOf&) = delete;

 private:
  const Sized& sized_;
  int64_t& growth_;
  const size_t before_;
};

}  // namespace

void Shard::Insert(ShardData& data, Entry* entry, uint64_t hash) {
  const size_t bytes = entry->allocated_bytes();
  data.entry_bytes += bytes;
  growth_ += static_cast<int64_t>(bytes);
  {
    const GrowthOf<Table> growth(data.table, growth_);
    data.table.Insert(entry, hash, *hasher_);
  }
  ExpiryChanged(data, kNoExpiry, entry->expire_at_ms(), hash);
}

Entry* Shard::Replace(ShardData& data, Slot* slot, Entry* entry, uint64_t hash) {
  Entry* const old = Table::Exchange(slot, entry);
  const uint64_t more = entry->allocated_bytes() - old->allocated_bytes();
  data.entry_bytes += more;
  growth_ += static_cast<int64_t>(more);
  ExpiryChanged(data, old->expire_at_ms(), entry->expire_at_ms(), hash);
  return old;
}

Entry* Shard::Remove(ShardData& data, Slot* slot) {
  const GrowthOf<Table> growth(data.table, growth_);
  Entry* const entry = data.table.Remove(slot, *hasher_);
  const size_t bytes = entry->allocated_bytes();
  data.entry_bytes -= bytes;
  growth_ -= static_cast<int64_t>(bytes);
  // Its item in the index, if any, goes stale; no need to know the hash.
  ExpiryChanged(data, entry->expire_at_ms(), kNoExpiry, 0);
  return entry;
}

void Shard::Trim(ShardData& data) {
  if (data.table.size() == 0) {
    const GrowthOf<Table> growth(data.table, growth_);
    data.table.Clear();
  }
  if (data.expiry.keys() == 0) {
    const GrowthOf<ExpiryIndex> growth(data.expiry, growth_);
    data.expiry.Clear();
  }
}

void Shard::ExpiryChanged(ShardData& data, int64_t old_expire_at_ms, int64_t new_expire_at_ms,
                          uint64_t hash) {
  if (old_expire_at_ms == new_expire_at_ms) return;
  data.expiry.Count(old_expire_at_ms, new_expire_at_ms);
  // An item at or before the old expiry is there, and will do until it is popped.
  const bool covered = old_expire_at_ms != kNoExpiry && new_expire_at_ms >= old_expire_at_ms;
  if (new_expire_at_ms != kNoExpiry && !covered) PushDeadline(data, new_expire_at_ms, hash);
  RebuildIfStale(data);
}

void Shard::PushDeadline(ShardData& data, int64_t expire_at_ms, uint64_t hash) {
  ExpiryIndex& index = data.expiry;
  const GrowthOf<ExpiryIndex> growth(index, growth_);
  index.Push(expire_at_ms, hash);
  if (expire_at_ms < next_deadline_ms_) next_deadline_ms_ = expire_at_ms;
}

// Walks over the whole table, so that what is stale has to be worth it.
void Shard::RebuildIfStale(ShardData& data) {
  ExpiryIndex& index = data.expiry;
  if (!index.MostlyStale(data.table.size())) return;
  const GrowthOf<ExpiryIndex> growth(index, growth_);
  std::vector<ExpiryIndex::Item> items;
  items.reserve(index.keys());
  data.table.ForEach([&](const Entry& entry) {
    if (entry.expire_at_ms() == kNoExpiry) return;
    items.push_back({entry.expire_at_ms(), static_cast<uint32_t>((*hasher_)(entry.key()))});
  });
  index.Rebuild(items);
}

void Shard::ExpiredLazily(ShardData& data, int database, const Key& key) {
  ExpiryIndex& index = data.expiry;
  ++index.expired;
  ++index.expired_lazily;
  if (KeyObserver* const told = observer()) told->KeyExpired(database, key.bytes);
}

void Shard::EraseLazily(ShardData& data, Slot* slot, int database, const Key& key) {
  Changed(database, key, Origin{0});
  ExpiredLazily(data, database, key);
  Entry::Destroy(Remove(data, slot));
}

WatchTable& Shard::watches() {
  if (watches_ == nullptr) watches_ = std::make_unique<WatchTable>();
  return *watches_;
}

void Shard::DropWatchesIfEmpty() {
  if (watches_ != nullptr && watches_->empty()) watches_.reset();
}

size_t Shard::EraseExpired(int64_t now_ms, size_t limit, std::vector<Entry*>& erased) {
  int64_t next = kNoDeadline;
  size_t looked = 0;
  for (int database = 0; database < kDatabases; ++database) {
    ShardData* const data = Peek(database);
    if (data == nullptr || data->expiry.empty()) continue;
    looked += EraseExpiredIn(database, now_ms, limit - looked, erased);
    if (!data->expiry.empty()) next = std::min(next, data->expiry.NextDeadlineMs());
  }
  next_deadline_ms_ = next;
  return looked;
}

size_t Shard::EraseExpiredIn(int database, int64_t now_ms, size_t limit,
                             std::vector<Entry*>& erased) {
  ShardData& data = *Peek(database);
  ExpiryIndex& index = data.expiry;
  size_t looked = 0;
  while (!index.empty() && index.NextDeadlineMs() <= now_ms && looked < limit) {
    const ExpiryIndex::Item item = index.Pop();
    const auto due = [now_ms](const Entry& entry) { return entry.IsExpired(now_ms); };
    const size_t before = erased.size();
    while (looked + erased.size() - before < limit) {
      Slot* const slot = data.table.FindIf(item.hash, due);
      if (slot == nullptr) break;
      KeyObserver* const told = observer();
      if (watches_ != nullptr || told != nullptr) {
        const std::string_view key = EntryOf(*slot)->key();
        Changed(database, Key{key, (*hasher_)(key)}, Origin{0});
        if (told != nullptr) told->KeyExpired(database, key);
      }
      erased.push_back(Remove(data, slot));
      ++index.expired;
    }
    looked += std::max<size_t>(1, erased.size() - before);
    PushAgain(data, item);
  }
  const GrowthOf<ExpiryIndex> growth(index, growth_);
  index.ShrinkIfSparse();
  return looked;
}

// What a popped item stood for may expire later by now, or wait for the next call.
void Shard::PushAgain(ShardData& data, const ExpiryIndex::Item& item) {
  int64_t later = kNoDeadline;
  data.table.FindIf(item.hash, [&later](const Entry& entry) {
    if (entry.expire_at_ms() != kNoExpiry) later = std::min(later, entry.expire_at_ms());
    return false;
  });
  if (later != kNoDeadline) data.expiry.Push(later, item.hash);
}

size_t Shard::TakeAll(int database, Table& table) {
  ShardData* const data = Peek(database);
  if (data == nullptr) return 0;
  if (data->table.size() == 0) {
    Trim(*data);
    return 0;
  }
  if (watches_ != nullptr) {
    watches_->ChangedIf([&](int watched_in, std::string_view key, uint64_t hash) {
      return watched_in == database && data->table.Find(key, hash) != nullptr;
    });
  }
  growth_ -= static_cast<int64_t>(data->entry_bytes + data->table.allocated_bytes() +
                                  data->expiry.allocated_bytes());
  data->table.Swap(table);
  data->entry_bytes = 0;
  data->expiry.Clear();
  return table.size();
}

// A watched key has changed if it was there, though its time had come since it was watched, or is
// there now.
void Shard::SwapWatched(int first, int second, int64_t now_ms) {
  const auto find = [this](int database, const Key& key) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    ShardData* const data = Peek(database);
    return data == nullptr ? nullptr : data->table.Find(key.bytes, key.hash);
  };
  watches_->ChangedIf(
      [&](int watched_in, std::string_view bytes, uint64_t hash) ABSL_NO_THREAD_SAFETY_ANALYSIS {
        if (watched_in != first && watched_in != second) return false;
        const int other = watched_in == first ? second : first;
        const Key key{bytes, hash};
        if (find(watched_in, key) != nullptr) return true;
        Slot* const comes = find(other, key);
        if (comes == nullptr || !EntryOf(*comes)->IsExpired(now_ms)) return comes != nullptr;
        EraseLazily(*Peek(other), comes, other, key);  // else it would expire as the watched key
        return false;
      });
}

void Shard::Swap(int first, int second, int64_t now_ms) {
  ShardData* a = Peek(first);
  ShardData* b = Peek(second);
  if (a == nullptr && b == nullptr) return;
  if (watches_ != nullptr) SwapWatched(first, second, now_ms);
  a = &FindOrMake(first);
  b = &FindOrMake(second);
  a->table.Swap(b->table);
  a->expiry.Swap(b->expiry);
  a->entry_bytes.Swap(b->entry_bytes);
}

void Shard::CheckInvariants(int database) {
  ShardData* const data = Peek(database);
  if (data == nullptr) return;
  data->table.CheckInvariants(*hasher_);
  uint64_t bytes = 0;
  uint64_t expiring = 0;
  uint64_t deadlines = 0;
  const ExpiryIndex& index = data->expiry;
  data->table.ForEach([&](const Entry& entry) {
    bytes += entry.allocated_bytes();
    if (entry.expire_at_ms() == kNoExpiry) return;
    ++expiring;
    deadlines += static_cast<uint64_t>(entry.expire_at_ms());
    DUET_CHECK(index.Covers(entry.expire_at_ms(), (*hasher_)(entry.key())),
               "a key missing from the expiry index");
    DUET_CHECK(next_deadline_ms_ <= entry.expire_at_ms(), "the next deadline");
  });
  DUET_CHECK(bytes == data->entry_bytes, "the bytes of entries");
  DUET_CHECK(expiring == index.keys(), "the number of keys with an expiry");
  DUET_CHECK(deadlines == index.deadline_sum_ms(), "the sum of deadlines");
}

void Shard::AddStats(int database, int64_t now_ms, StoreStats& stats) const {
  const ShardData* const data = Peek(database);
  if (data == nullptr) return;
  stats.keys += data->table.size();
  stats.entry_bytes += data->entry_bytes;
  stats.table_bytes += data->table.allocated_bytes();
  const ExpiryIndex& index = data->expiry;
  stats.keys_with_expiry += index.keys();
  stats.table_bytes += index.allocated_bytes();
  stats.expiry_bytes += index.allocated_bytes();
  stats.expired_keys += index.expired;
  stats.expired_lazily += index.expired_lazily;
  const uint64_t sum = index.deadline_sum_ms() - index.keys() * static_cast<uint64_t>(now_ms);
  stats.expiry_sum_ms += static_cast<int64_t>(sum);
}

}  // namespace duet::store
