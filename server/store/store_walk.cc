// The operations of Store that walk over the keys of a database.
//
// A cursor of SCAN is the shard in the low bits and the table's cursor above them; shards are
// walked in ascending order, each from cursor 0 until its table's cursor comes back to 0.
#include <algorithm>

#include "server/base/check.h"
#include "server/base/random.h"
#include "server/store/store_impl.h"

namespace duet::store {
namespace {

// A live key of the table: some tries at random places, then the first one from there on.
const Entry* RandomEntry(const Table& table, int64_t now_ms, uint64_t random) {
  constexpr int kTries = 64;
  const size_t places = table.PlaceCount();
  const auto live_at = [&](size_t place) -> const Entry* {
    const Entry* entry = table.At(place);
    return entry != nullptr && !entry->IsExpired(now_ms) ? entry : nullptr;
  };
  for (int i = 0; i < kTries; ++i) {
    random = Mix(random);
    if (const Entry* entry = live_at(Below(random, places))) return entry;
  }
  const size_t start = Below(random, places);
  for (size_t i = 0; i < places; ++i) {
    if (const Entry* entry = live_at((start + i) % places)) return entry;
  }
  return nullptr;
}

}  // namespace

uint64_t Store::Scan(int database, uint64_t cursor, size_t count, int64_t now_ms, ShardLocks& locks,
                     const Visitor& visit) const {
  DUET_DCHECK(locks.HoldsNone() || locks.HoldsAll(), "walking with some shards locked");
  size_t looked_at = 0;
  const auto visit_live = [&](const Entry& entry) {
    ++looked_at;
    if (!entry.IsExpired(now_ms)) visit(entry.key(), entry);
  };
  uint64_t in_table = cursor >> shard_bits_;
  for (size_t i = cursor & (shard_count() - 1); i < shard_count(); ++i, in_table = 0) {
    Shard& current = shard(i);
    if (current.Size(database) == 0) continue;
    const ShardGuard guard(current, i, locks);
    const ShardData* const data = current.Find(database);
    do {
      in_table = data->table.ScanHome(in_table, impl_->hasher, visit_live);
      if (looked_at >= count && in_table != 0) return in_table << shard_bits_ | i;
    } while (in_table != 0);
    if (looked_at >= count && i + 1 < shard_count()) return i + 1;
  }
  return 0;
}

void Store::ForEach(int database, int64_t now_ms, ShardLocks& locks, const Visitor& visit) const {
  DUET_DCHECK(locks.HoldsNone() || locks.HoldsAll(), "walking with some shards locked");
  for (size_t i = 0; i < shard_count(); ++i) {
    Shard& current = shard(i);
    if (current.Size(database) == 0) continue;
    const ShardGuard guard(current, i, locks);
    current.Find(database)->table.ForEach([&](const Entry& entry) {
      if (!entry.IsExpired(now_ms)) visit(entry.key(), entry);
    });
  }
}

void Store::CheckInvariants() const {
  for (size_t i = 0; i < shard_count(); ++i) {
    shard(i).lock.Lock();
    for (int database = 0; database < kDatabases; ++database) shard(i).CheckInvariants(database);
    shard(i).lock.Unlock();
  }
}

// A shard by the number of its keys, then a place in its table. Where all keys of that shard have
// expired, the shards behind it are asked.
std::optional<std::string> Store::RandomKey(int database, int64_t now_ms, uint64_t random,
                                            ShardLocks& locks) const {
  DUET_DCHECK(locks.HoldsNone() || locks.HoldsAll(), "walking with some shards locked");
  random = Mix(random);
  uint64_t rank = Below(random, Size(database, locks, now_ms));
  size_t first = 0;
  while (first + 1 < shard_count() && rank >= shard(first).Size(database)) {
    rank -= shard(first).Size(database);
    ++first;
  }
  for (size_t passed = 0; passed < shard_count(); ++passed) {
    const size_t i = (first + passed) % shard_count();
    Shard& current = shard(i);
    if (current.Size(database) == 0) continue;
    const ShardGuard guard(current, i, locks);
    const Table& table = current.Find(database)->table;
    if (table.size() == 0) continue;
    if (const Entry* entry = RandomEntry(table, now_ms, random)) return std::string(entry->key());
  }
  return std::nullopt;
}

size_t Store::Sample(Pick pick, uint64_t random, size_t count, ShardLocks& locks,
                     const Show& show) const {
  DUET_DCHECK(locks.HoldsNone() || locks.HoldsAll(), "walking with some shards locked");
  const size_t first = Below(random, shard_count());
  random = Mix(random);
  for (size_t passed = 0; passed < shard_count(); ++passed) {
    const size_t i = (first + passed) & (shard_count() - 1);
    Shard& current = shard(i);
    size_t eligible = 0;
    for (int database = 0; database < kDatabases; ++database) {
      eligible += current.Eligible(database, pick);
    }
    if (eligible == 0) continue;
    const ShardGuard guard(current, i, locks);
    size_t shown = 0;
    for (int database = 0; database < kDatabases; ++database) {
      shown += current.Sample(database, pick, random, count, show);
    }
    if (shown > 0) return shown;
  }
  return 0;
}

}  // namespace duet::store
