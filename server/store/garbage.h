// What a flush dropped: memory that is still to be given back, when no shard is locked any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "server/store/table.h"

namespace duet::store {

// Destroying it frees all at once, 100 ns a key. Thread-compatible.
class Garbage {
 public:
  explicit Garbage(size_t shards);

  // The table that takes what the shard held. REQUIRES: FreeSome was not called.
  Table& table(size_t shard) { return tables_[shard]; }
  size_t keys() const;

  // Frees entries of about `buckets` buckets, up to eight in each; false: nothing is left.
  bool FreeSome(size_t buckets);

 private:
  const size_t shards_;
  const std::unique_ptr<Table[]> tables_;
  size_t shard_ = 0;   // where FreeSome goes on
  size_t bucket_ = 0;  // in its table
};

}  // namespace duet::store
