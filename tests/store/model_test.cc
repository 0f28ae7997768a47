// Random operations on the store and on a plain map must agree, through growth, shrinking, expiry
// and collisions.
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "tests/store/store_fixture.h"

namespace duet::store {
namespace {

uint64_t Good(std::string_view bytes, uint64_t seed) {
  uint64_t h = seed ^ 0xcbf29ce484222325;
  for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  h ^= h >> 32;
  h *= 0x9e3779b97f4a7c15;
  return h ^ (h >> 29);
}
uint64_t FewHomes(std::string_view bytes, uint64_t seed) {  // eight homes, distinct tags
  return Good(bytes, seed) & ~uint64_t{0x3ffff8};
}
uint64_t FewTags(std::string_view bytes, uint64_t seed) {  // one tag wherever tables are small
  return Good(bytes, seed) & ~uint64_t{0x3fffc0};
}
uint64_t ThreeHashes(std::string_view bytes, uint64_t seed) { return Good(bytes, seed) % 3; }

struct Variant {
  const char* name;
  int shard_bits;
  uint64_t (*hash)(std::string_view, uint64_t);
  int keys;
  int steps;
};

class ModelTest : public testing::TestWithParam<Variant> {
 protected:
  struct Value {
    std::string bytes;
    int64_t expire_at_ms = kNoExpiry;
  };
  using ModelKey = std::pair<int, std::string>;

  ModelTest()
      : f_(StoreOptions{.shard_bits = GetParam().shard_bits,
                        .hash_seed = 7,
                        .hash_function = GetParam().hash}) {}

  bool Dead(const Value& v) const {
    return v.expire_at_ms != kNoExpiry && v.expire_at_ms <= f_.now_ms;
  }
  const Value* Expected(const ModelKey& key) {
    const auto it = model_.find(key);
    return it == model_.end() || Dead(it->second) ? nullptr : &it->second;
  }
  std::string RandomKey() {
    const uint64_t n = random_() % static_cast<uint64_t>(GetParam().keys);
    // Some keys are long, one is empty.
    if (n == 0) return "";
    return (n % 16 == 0 ? std::string(300, 'k') : "key:") + std::to_string(n);
  }
  std::string RandomValue() {
    switch (random_() % 6) {
      case 0:
        return std::to_string(static_cast<int64_t>(random_()));
      case 1:
        return std::to_string(random_() % 100);
      case 2:
        return std::string(random_() % 3000, 'v');
      default:
        return std::string(random_() % 64, static_cast<char>(random_()));
    }
  }
  int64_t RandomExpiry() {
    return random_() % 2 ? kNoExpiry : f_.now_ms + static_cast<int64_t>(random_() % 3000);
  }
  void Step();
  void Mutate(const ModelKey& key);
  void CopyOrRename(const ModelKey& from);
  void CompareAll();

  StoreFixture f_;
  std::map<ModelKey, Value> model_;
  std::mt19937_64 random_{2024};
  bool growing_ = true;
};

void ModelTest::Mutate(const ModelKey& key) {
  const auto& [db_index, bytes] = key;
  const Value* const old = Expected(key);
  const Value before = old != nullptr ? *old : Value{};
  const std::string value = RandomValue();
  const int64_t at_ms = RandomExpiry();
  const bool passed = at_ms != kNoExpiry && at_ms <= f_.now_ms;
  f_.With(db_index, bytes, [&](Database& db, const Key& k) {
    switch (random_() % 5) {
      case 0:
        db.SetString(k, value, at_ms);
        if (passed) {
          model_.erase(key);
        } else {
          model_[key] = {value, at_ms};
        }
        break;
      case 1:
        db.SetStringKeepExpiry(k, value);
        model_[key] = {value, before.expire_at_ms};
        break;
      case 2: {
        const auto number = static_cast<int64_t>(random_());
        db.SetIntegerKeepExpiry(k, number);
        model_[key] = {std::to_string(number), before.expire_at_ms};
        break;
      }
      case 3: {
        const size_t size = 1 + random_() % (before.bytes.size() * 2 + 20);
        const std::span<char> room = db.ResizeString(k, size);
        ASSERT_EQ(room.size(), size);
        Value expected = before;
        expected.bytes.resize(size, '\0');
        ASSERT_EQ(std::string_view(room.data(), size), expected.bytes);
        room.back() = 'z';
        expected.bytes.back() = 'z';
        model_[key] = expected;
        break;
      }
      default:
        ASSERT_EQ(db.SetExpiry(k, at_ms), old != nullptr);
        if (old == nullptr) break;
        if (passed) {
          model_.erase(key);
        } else {
          model_[key].expire_at_ms = at_ms;
        }
    }
  });
}

void ModelTest::CopyOrRename(const ModelKey& from) {
  const ModelKey to{static_cast<int>(random_() % 3), RandomKey()};
  if (from == to || Expected(from) == nullptr) return;
  const Key keys[] = {f_.store.MakeKey(from.second), f_.store.MakeKey(to.second)};
  ShardLocks locks(f_.store);
  locks.Lock(keys);
  Database db(f_.store, locks, from.first, f_.now_ms);
  Database target = db.Sibling(to.first);
  const Value value = *Expected(from);
  if (random_() % 2) {
    db.Rename(keys[0], target, keys[1]);
    model_.erase(from);
  } else {
    db.Copy(keys[0], target, keys[1]);
  }
  model_[to] = value;
}

void ModelTest::Step() {
  const ModelKey key{static_cast<int>(random_() % 3), RandomKey()};
  const auto choice = random_() % 10;
  if (choice < (growing_ ? 5u : 1u)) return Mutate(key);
  if (choice == 6) return CopyOrRename(key);
  if (choice == 7) f_.now_ms += static_cast<int64_t>(random_() % 40);
  if (choice == 8) f_.store.EraseExpired(f_.now_ms, random_() % 5);
  if (choice < 6) {
    ASSERT_EQ(f_.Erase(key.second, key.first), Expected(key) != nullptr);
    model_.erase(key);
    return;
  }
  const Value* const expected = Expected(key);
  const auto got = f_.Get(key.second, key.first);
  ASSERT_EQ(got.has_value(), expected != nullptr);
  if (expected == nullptr) return;
  ASSERT_EQ(*got, expected->bytes);
  ASSERT_EQ(f_.ExpiryOf(key.second, key.first), expected->expire_at_ms);
}

void ModelTest::CompareAll() {
  f_.Check();
  std::map<ModelKey, std::string> live;
  for (const auto& [key, value] : model_) {
    if (!Dead(value)) live[key] = value.bytes;
  }
  std::map<ModelKey, std::string> walked;
  std::set<ModelKey> scanned;
  for (int db = 0; db < 3; ++db) {
    ShardLocks none(f_.store);
    f_.store.ForEach(db, f_.now_ms, none, [&](std::string_view key, const Entry& entry) {
      IntegerText scratch;
      const bool fresh =
          walked.emplace(ModelKey{db, key}, std::string(entry.StringView(scratch))).second;
      EXPECT_TRUE(fresh) << key;
    });
    uint64_t cursor = 0;
    do {
      cursor = f_.Scan(
          cursor, 10,
          [&](std::string_view key, const Entry&) {
            EXPECT_TRUE(scanned.emplace(db, key).second) << "twice in a table at rest: " << key;
          },
          db);
    } while (cursor != 0);
  }
  ASSERT_EQ(walked, live);
  ASSERT_EQ(scanned.size(), live.size());
}

TEST_P(ModelTest, AgreesWithAMap) {
  for (int step = 0; step < GetParam().steps; ++step) {
    if (step % 5000 == 0) {
      growing_ = (step / 5000) % 3 != 2;
      CompareAll();
    }
    Step();
    if (HasFatalFailure()) return;
  }
  CompareAll();
  f_.now_ms += 1'000'000;
  while (f_.store.HasDue(f_.now_ms)) f_.store.EraseExpired(f_.now_ms, 100);
  f_.Check();
  EXPECT_EQ(f_.store.Stats().keys_with_expiry, 0u);
  for (auto it = model_.begin(); it != model_.end();) {
    it = Dead(it->second) ? model_.erase(it) : std::next(it);
  }
  EXPECT_EQ(f_.store.Stats().keys, model_.size());
  for (const auto& [key, value] : model_) ASSERT_TRUE(f_.Erase(key.second, key.first));
  EXPECT_EQ(f_.store.Stats().keys, 0u);
  EXPECT_EQ(f_.store.Stats().entry_bytes, 0u);
  f_.Check();
}

INSTANTIATE_TEST_SUITE_P(Store, ModelTest,
                         testing::Values(Variant{"xxh3_many_shards", 4, nullptr, 10000, 60000},
                                         Variant{"xxh3_one_shard", 0, nullptr, 3000, 50000},
                                         Variant{"tiny", 0, Good, 12, 30000},
                                         Variant{"few_homes", 0, FewHomes, 400, 20000},
                                         Variant{"few_tags", 0, FewTags, 1200, 30000},
                                         Variant{"equal_hashes", 0, ThreeHashes, 500, 20000},
                                         Variant{"equal_hashes_small", 0, ThreeHashes, 150, 40000}),
                         [](const auto& variant) { return variant.param.name; });

}  // namespace
}  // namespace duet::store
