// Figures of INFO that depend on the clock or on what was counted.
#include <gtest/gtest.h>
#include <string>

#include "server/commands/info_text.h"
#include "server/commands/server_memory.h"
#include "tests/support/command_fixture.h"

namespace duet::commands {
namespace {

class ServerInfoTest : public testing::CommandFixture {
 protected:
  // The value of a field, read from the reply as clients do.
  std::string Field(const std::string& section, const std::string& name) {
    const std::string text = Run({"info", section});
    const std::string start = "\\r\\n" + name + ":";
    const size_t at = text.find(start);
    if (at == text.npos) return "(none)";
    const size_t begin = at + start.size();
    return text.substr(begin, text.find("\\r\\n", begin) - begin);
  }
};

TEST_F(ServerInfoTest, Uptime) {
  AdvanceTime(90'061'500);
  EXPECT_EQ(Field("server", "uptime_in_seconds"), "90061");
  EXPECT_EQ(Field("server", "uptime_in_days"), "1");
}

TEST_F(ServerInfoTest, WhoItIs) {
  EXPECT_EQ(Field("server", "redis_version"), "7.4.0");
  EXPECT_NE(Field("server", "duet_version"), "(none)");
  EXPECT_EQ(Field("server", "run_id"), std::string(40, 'a'));
}

TEST_F(ServerInfoTest, KeyspaceAveragesTheTimesLeft) {
  Run({"set", "a", "1", "px", "1000"});
  Run({"set", "b", "1", "px", "3000"});
  Run({"set", "c", "1"});
  EXPECT_EQ(Field("keyspace", "db0"), "keys=3,expires=2,avg_ttl=2000");
}

TEST_F(ServerInfoTest, CountsWhatIsFreedInTheBackground) {
  Run({"set", "a", "1"});
  Run({"set", "b", "1"});
  EXPECT_EQ(Run({"flushdb", "async"}), "+OK");
  EXPECT_EQ(Run({"dbsize"}), ":0");
  Run({"set", "c", "1"});
  EXPECT_EQ(Run({"flushall", "ASYNC"}), "+OK");
  Run({"set", "d", "1"});
  EXPECT_EQ(Run({"flushall", "sync"}), "+OK");
  EXPECT_EQ(Field("memory", "lazyfree_pending_objects"), "3");
  EXPECT_EQ(Field("memory", "lazyfreed_objects"), "0");
  while (engine().server.lazy_free.FreeSome(engine().clock)) {
  }
  EXPECT_EQ(Field("memory", "lazyfree_pending_objects"), "0");
  EXPECT_EQ(Field("memory", "lazyfreed_objects"), "3");
  Run({"config", "resetstat"});
  EXPECT_EQ(Field("memory", "lazyfreed_objects"), "0");
}

TEST_F(ServerInfoTest, CountsCallsFailuresAndRefusals) {
  Run({"append", "k", "v"});
  Run({"incr", "k"});
  Run({"incr"});
  const std::string stats = Field("commandstats", "cmdstat_incr");
  EXPECT_TRUE(stats.starts_with("calls=1,usec=")) << stats;
  EXPECT_TRUE(stats.ends_with(",rejected_calls=1,failed_calls=1")) << stats;
  EXPECT_EQ(Field("errorstats", "errorstat_ERR"), "count=2");
  EXPECT_EQ(Field("stats", "total_error_replies"), "2");
}

TEST_F(ServerInfoTest, NamesSubcommandsWithABar) {
  Run({"client", "id"});
  EXPECT_TRUE(Field("commandstats", "cmdstat_client|id").starts_with("calls=1,"));
}

TEST_F(ServerInfoTest, HitsAndMissesAreReads) {
  Run({"set", "k", "v"});
  Run({"get", "k"});
  Run({"get", "nope"});
  Run({"exists", "k", "nope"});
  Run({"del", "nope"});
  Run({"expire", "nope", "10"});
  EXPECT_EQ(Field("stats", "keyspace_hits"), "2");
  EXPECT_EQ(Field("stats", "keyspace_misses"), "2");
}

TEST_F(ServerInfoTest, ExpiredKeys) {
  Run({"set", "k", "v", "px", "10"});
  AdvanceTime(20);
  Run({"set", "k", "v"});
  EXPECT_EQ(Field("stats", "expired_keys"), "1");
}

TEST_F(ServerInfoTest, TimeIsTheClocks) {
  AdvanceTime(1234);
  EXPECT_EQ(Run({"time"}), "[\"1700000001\" \"234000\"]");
}

constexpr bool IsSanitized() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
  return __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
  return false;
#endif
}

TEST(ServerMemoryTest, TheAllocatorCounts) {
  const AllocatorFigures before = ReadAllocatorFigures();
  if (IsSanitized()) GTEST_SKIP() << "a sanitizer's allocator does not say";
  EXPECT_GT(before.allocated_bytes, 0u);
  const std::string block(64 << 20, 'x');
  EXPECT_GE(ReadAllocatorFigures().allocated_bytes, before.allocated_bytes + (32u << 20))
      << block.size();
}

TEST(InfoTextTest, HumanBytes) {
  EXPECT_EQ(HumanBytes(0), "0B");
  EXPECT_EQ(HumanBytes(1023), "1023B");
  EXPECT_EQ(HumanBytes(1024), "1.00K");
  EXPECT_EQ(HumanBytes(1024 * 1024 * 3 / 2), "1.50M");
  EXPECT_EQ(HumanBytes(5ull << 30), "5.00G");
}

}  // namespace
}  // namespace duet::commands
