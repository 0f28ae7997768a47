// Every case through the dispatcher, and no command without a case.
#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <set>
#include <string>

#include "server/commands/command_table.h"
#include "tests/support/case_file.h"
#include "tests/support/case_suite.h"
#include "tests/support/in_process.h"

namespace duet::testing {
namespace {

using commands::Command;
using commands::CommandTable;

INSTANTIATE_TEST_SUITE_P(Dispatcher, CaseSuite,
                         CasesThrough([] { return std::make_unique<InProcess>(); }), CaseName);

INSTANTIATE_TEST_SUITE_P(SingleCalls, CaseSuite, CasesThrough([] {
                           return std::make_unique<InProcess>(commands::Door::kGrpcUnary);
                         }),
                         CaseName);

// The full name of the command that `argv` calls, empty if there is none.
std::string CalledBy(const std::vector<std::string>& argv) {
  const CommandTable& table = CommandTable::Get();
  const Command* command = table.Find(argv[0]);
  if (command == nullptr) return "";
  if (argv.size() > 1 && !command->subcommands.empty()) {
    if (const Command* sub = table.FindSubcommand(*command, argv[1])) return sub->full_name;
  }
  return command->full_name;
}

TEST(CaseCoverage, EveryCommandHasACase) {
  std::set<std::string> called;
  for (const Case& test : LoadCases(DUET_CASE_DIR)) {
    for (const Step& step : test.steps) {
      if (!step.argv.empty()) called.insert(CalledBy(step.argv));
    }
  }
  std::string missing;
  for (const Command& command : CommandTable::Get().all()) {
    if (command.spec->handler == nullptr) continue;  // a pure container
    if (!called.contains(command.full_name)) missing += " " + command.full_name;
  }
  EXPECT_EQ(missing, "") << "add cases to tests/commands/cases";
}

}  // namespace
}  // namespace duet::testing
