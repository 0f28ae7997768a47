#include "server/store/garbage.h"

#include <algorithm>

namespace duet::store {

Garbage::Garbage(size_t shards) : shards_(shards), tables_(std::make_unique<Table[]>(shards)) {}

size_t Garbage::keys() const {
  size_t keys = 0;
  for (size_t i = 0; i < shards_; ++i) keys += tables_[i].size();
  return keys;
}

bool Garbage::FreeSome(size_t buckets) {
  while (shard_ < shards_ && buckets > 0) {
    Table& table = tables_[shard_];
    const size_t end = std::min(bucket_ + buckets, table.bucket_count());
    table.DestroyBuckets(bucket_, end);
    buckets -= end - bucket_;
    bucket_ = end;
    if (end < table.bucket_count()) return true;
    table.Clear();
    ++shard_;
    bucket_ = 0;
  }
  return shard_ < shards_;
}

}  // namespace duet::store
