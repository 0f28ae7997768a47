// The commands of the hot path cost no heap allocation of their own: what is allocated is a new
// entry, and nothing else. A binary of its own, since it counts every operator new.
#include <cstddef>
#include <cstdlib>
#include <gtest/gtest.h>
#include <new>
#include <string_view>
#include <vector>

#include "tests/support/in_process.h"

namespace {
size_t allocations = 0;
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace duet::testing {
namespace {

// Drops what is written.
class NoReply final : public ReplyWriter {
 public:
  void SimpleString(std::string_view) override {}
  void Integer(int64_t) override {}
  void Bulk(std::string_view) override {}
  void Null() override {}
  void Double(double) override {}
  void Boolean(bool) override {}
  void BigNumber(std::string_view) override {}
  void Verbatim(std::string_view, std::string_view) override {}
  void Array(size_t) override {}
  void Map(size_t) override {}
  void Set(size_t) override {}
  void Push(size_t) override {}
  void NullArray() override {}

 private:
  void WriteError(const duet::Error&) override {}
};

class AllocationTest : public ::testing::Test {
 protected:
  // Allocations of `argv` when it is executed again, alone and in a batch of 16.
  size_t AllocationsOf(const std::vector<std::string_view>& argv) {
    CommandBatch batch;
    for (int i = 0; i < 16; ++i) {
      for (const std::string_view word : argv) batch.Add(word);
      batch.EndCommand();
    }
    NoReply reply;
    commands::Dispatcher& dispatcher = *engine_.dispatcher;
    dispatcher.Execute(*engine_.session, argv, reply);
    const size_t before = allocations;
    dispatcher.Execute(*engine_.session, argv, reply);
    dispatcher.ExecuteBatch(*engine_.session, batch, 0, reply, nullptr, nullptr);
    return allocations - before;
  }

  InProcess engine_;
};

TEST_F(AllocationTest, HotPathAllocatesNothing) {
  EXPECT_EQ(AllocationsOf({"set", "key:000000000001", "a value of thirty-two bytes, ok?"}), 0);
  EXPECT_EQ(AllocationsOf({"get", "key:000000000001"}), 0);
  EXPECT_EQ(AllocationsOf({"get", "no such key"}), 0);
  EXPECT_EQ(AllocationsOf({"incr", "counter"}), 0);
  EXPECT_EQ(AllocationsOf({"exists", "key:000000000001"}), 0);
  EXPECT_EQ(AllocationsOf({"mget", "a", "b", "c", "key:000000000001"}), 0);
  EXPECT_EQ(AllocationsOf({"ping"}), 0);
}

}  // namespace
}  // namespace duet::testing
