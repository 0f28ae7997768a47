// The table: look-up by name, indexes, and what every row must hold.
#include "server/commands/command_table.h"

#include <gtest/gtest.h>
#include <set>
#include <string>
#include <string_view>

#include "server/base/numbers.h"
#include "server/commands/command_check.h"
#include "server/metrics/worker_counters.h"

namespace duet::commands {
namespace {

void Nothing(CommandContext&) {}

constexpr CommandSpec kGood{.name = "good",
                            .arity = 2,
                            .flags = kReadOnly,
                            .keys = {.first = 1, .last = 1, .step = 1, .access = kKeyRO},
                            .group = "test",
                            .since = "1.0.0",
                            .summary = "Does nothing.",
                            .complexity = "O(1)",
                            .syntax = "key",
                            .handler = Nothing};

template <typename Change>
bool ValidWith(Change change) {
  CommandSpec row = kGood;
  change(row);
  return check::RowIsValid(row, false);
}

TEST(CommandCheck, RefusesMalformedRows) {
  EXPECT_TRUE(ValidWith([](CommandSpec&) {}));
  EXPECT_FALSE(ValidWith([](CommandSpec& row) { row.name = "Good"; }));
  EXPECT_FALSE(ValidWith([](CommandSpec& row) { row.name = ""; }));
  EXPECT_FALSE(ValidWith([](CommandSpec& row) { row.name = "abcdefghijklmnopqrstuvwxy"; }));
  EXPECT_FALSE(ValidWith([](CommandSpec& row) { row.arity = 0; }));
  EXPECT_FALSE(ValidWith([](CommandSpec& row) { row.arity = -1; }));
  EXPECT_FALSE(ValidWith([](CommandSpec& row) { row.flags = 0; }));
  EXPECT_FALSE(ValidWith([](CommandSpec& row) { row.flags = kReadOnly | kWrite; }));
  EXPECT_FALSE(ValidWith([](CommandSpec& row) { row.keys.step = 0; }));
  EXPECT_FALSE(ValidWith([](CommandSpec& row) { row.keys.access = 0; }));
  EXPECT_FALSE(ValidWith([](CommandSpec& row) { row.handler = nullptr; }));
  EXPECT_FALSE(ValidWith([](CommandSpec& row) { row.since = ""; }));
  EXPECT_FALSE(ValidWith([](CommandSpec& row) { row.summary = ""; }));
  EXPECT_FALSE(ValidWith([](CommandSpec& row) { row.syntax = ""; }));
}

TEST(CommandTable, FindsEveryNameInAnyCase) {
  const CommandTable& table = CommandTable::Get();
  for (const Command& command : table.all().first(table.top_level_count())) {
    std::string name = command.full_name;
    EXPECT_EQ(table.Find(name), &command);
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    EXPECT_EQ(table.Find(name), &command) << name;
    name[0] = static_cast<char>(name[0] ^ 0x20);
    EXPECT_EQ(table.Find(name), &command) << name;
  }
}

TEST(CommandTable, FindsNothingElse) {
  const CommandTable& table = CommandTable::Get();
  for (const Command& command : table.all().first(table.top_level_count())) {
    // A byte changed, added or missing.
    for (size_t i = 0; i < command.full_name.size(); ++i) {
      for (const char change : {'\x01', '\x40', '\x10', '\x80'}) {
        std::string name = command.full_name;
        name[i] = static_cast<char>(name[i] ^ change);
        const Command* found = table.Find(name);
        EXPECT_TRUE(found == nullptr || found->full_name == ToLower(name)) << name;
      }
    }
    EXPECT_EQ(table.Find(command.full_name + '\0'), nullptr);
    EXPECT_EQ(table.Find("\x0b" + command.full_name), nullptr);
  }
  EXPECT_EQ(table.Find(""), nullptr);
  EXPECT_EQ(table.Find(std::string(24, 'x')), nullptr);
  EXPECT_EQ(table.Find(std::string(25, 'x')), nullptr);
  EXPECT_EQ(table.Find(std::string(1 << 20, 'g')), nullptr);
}

TEST(CommandTable, GivesEveryCommandItsIndex) {
  const CommandTable& table = CommandTable::Get();
  ASSERT_LE(table.all().size(), metrics::kMaxCommands);
  std::set<std::string_view> names;
  for (size_t i = 0; i < table.all().size(); ++i) {
    const Command& command = table.all()[i];
    EXPECT_EQ(command.index, i);
    EXPECT_EQ(command.container != nullptr, i >= table.top_level_count());
    EXPECT_TRUE(names.insert(command.full_name).second) << command.full_name;
    for (const Command* sub : command.subcommands) {
      EXPECT_EQ(sub->container, &command);
      EXPECT_EQ(table.FindSubcommand(command, sub->spec->name), sub);
      EXPECT_EQ(sub->full_name, command.full_name + "|" + std::string(sub->spec->name));
    }
  }
}

TEST(CommandTable, TopLevelCommandsAreSorted) {
  const CommandTable& table = CommandTable::Get();
  for (size_t i = 1; i < table.top_level_count(); ++i) {
    EXPECT_LT(table.all()[i - 1].full_name, table.all()[i].full_name);
  }
}

}  // namespace
}  // namespace duet::commands
