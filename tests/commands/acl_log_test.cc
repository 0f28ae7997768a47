// ACL LOG's bounds, and which refusals count as the same.
#include "server/commands/acl_log.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace duet::commands {
namespace {

AclLogEntry Refusal(const std::string& user, int64_t at_ms) {
  return {.command = "AUTH", .user = user, .client = "id=1", .updated_ms = at_ms};
}

TEST(AclLogTest, CountsWhatComesAgainWithinAMinute) {
  AclLog log;
  log.Add(Refusal("alice", 1000));
  log.Add(Refusal("bob", 1500));
  log.Add(Refusal("alice", 61'000));
  std::vector<AclLogEntry> entries = log.Newest(10);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].user, "alice");
  EXPECT_EQ(entries[0].count, 2u);
  EXPECT_EQ(entries[0].id, 0u);
  EXPECT_EQ(entries[0].created_ms, 1000);
  EXPECT_EQ(entries[0].updated_ms, 61'000);

  log.Add(Refusal("alice", 121'001));
  entries = log.Newest(1);
  EXPECT_EQ(entries[0].count, 1u);
  EXPECT_EQ(entries[0].id, 2u);
}

TEST(AclLogTest, ATransactionAndAnotherCommandAreAnotherRefusal) {
  AclLog log;
  log.Add(Refusal("alice", 0));
  AclLogEntry queued = Refusal("alice", 0);
  queued.in_transaction = true;
  log.Add(queued);
  AclLogEntry hello = Refusal("alice", 0);
  hello.command = "HELLO";
  log.Add(hello);
  EXPECT_EQ(log.Newest(10).size(), 3u);
}

TEST(AclLogTest, HoldsItsBounds) {
  AclLog log;
  log.set_max_length(3);
  for (int i = 0; i < 5; ++i) log.Add(Refusal("user" + std::to_string(i), 0));
  EXPECT_EQ(log.Newest(10).size(), 3u);
  EXPECT_EQ(log.Newest(1)[0].user, "user4");
  log.set_max_length(1);
  EXPECT_EQ(log.Newest(10).size(), 1u);
  log.set_max_length(0);
  log.Add(Refusal("alice", 0));
  EXPECT_TRUE(log.Newest(10).empty());

  log.set_max_length(1);
  log.Add(Refusal(std::string(100'000, 'u'), 0));
  EXPECT_EQ(log.Newest(1)[0].user.size(), AclLog::kMaxUserBytes);
  log.Reset();
  EXPECT_TRUE(log.Newest(10).empty());
}

}  // namespace
}  // namespace duet::commands
