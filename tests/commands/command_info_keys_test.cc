#include "server/commands/command_info_keys.h"

#include <gtest/gtest.h>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "server/commands/command_info_lookup.h"
#include "server/commands/command_info_names.h"

namespace duet::commands {
namespace {

std::string KeysOf(std::initializer_list<std::string_view> words) {
  const std::vector<std::string_view> argv(words);
  std::string text;
  for (const KeyPosition& key : FindKeys(*FindByWords(argv)->spec, argv)) {
    text += std::string(argv[key.index]) + "(";
    for (const std::string_view name : KeyAccessNames(key.access)) text += std::string(name) + " ";
    text.back() = ')';
  }
  return text;
}

TEST(FindKeysTest, OneKey) {
  EXPECT_EQ(KeysOf({"get", "a"}), "a(RO access)");
  EXPECT_EQ(KeysOf({"expire", "a", "10", "NX"}), "a(RW update)");
}

TEST(FindKeysTest, KeysToTheEnd) {
  EXPECT_EQ(KeysOf({"exists", "a", "b", "c"}), "a(RO)b(RO)c(RO)");
  EXPECT_EQ(KeysOf({"mset", "a", "1", "b", "2"}), "a(OW update)b(OW update)");
  // A value is missing: the words are judged by their places alone.
  EXPECT_EQ(KeysOf({"mset", "a", "1", "b"}), "a(OW update)b(OW update)");
}

TEST(FindKeysTest, TwoSpecifications) {
  EXPECT_EQ(KeysOf({"copy", "a", "b", "db", "3"}), "a(RO access)b(OW update)");
  EXPECT_EQ(KeysOf({"renamenx", "a", "b"}), "a(RW access delete)b(OW insert)");
}

TEST(FindKeysTest, SetVaries) {
  EXPECT_EQ(KeysOf({"set", "a", "v", "ex", "10"}), "a(OW update)");
  EXPECT_EQ(KeysOf({"set", "a", "v", "nx", "Get"}), "a(RW access update)");
  EXPECT_EQ(KeysOf({"set", "a", "v", "IFEQ", "w"}), "a(RW access update)");
  EXPECT_EQ(KeysOf({"set", "get", "get"}), "get(OW update)");
}

TEST(FindKeysTest, SortStores) {
  EXPECT_EQ(KeysOf({"sort", "a", "STORE", "b", "desc"}), "a(RO access)b(OW update)");
  EXPECT_EQ(KeysOf({"sort", "a", "by", "store", "limit", "0", "store", "get", "store"}),
            "a(RO access)");
  EXPECT_EQ(KeysOf({"sort", "a", "store", "b", "store", "c"}), "a(RO access)c(OW update)");
  EXPECT_EQ(KeysOf({"sort", "a", "store"}), "a(RO access)");
  EXPECT_EQ(KeysOf({"sort_ro", "a", "store", "b"}), "a(RO access)");
}

TEST(FindKeysTest, NoKeys) {
  EXPECT_EQ(KeysOf({"ping"}), "");
  EXPECT_EQ(KeysOf({"client", "id"}), "");
}

TEST(AclCategoriesTest, FlagsImplyCategories) {
  EXPECT_EQ(IsInAclCategory(*FindFullName("get")->spec, "READ"), true);
  EXPECT_EQ(IsInAclCategory(*FindFullName("get")->spec, "slow"), false);
  EXPECT_EQ(IsInAclCategory(*FindFullName("config|set")->spec, "dangerous"), true);
  EXPECT_EQ(IsInAclCategory(*FindFullName("get")->spec, "nonsense"), std::nullopt);
}

}  // namespace
}  // namespace duet::commands
