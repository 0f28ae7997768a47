// The cases of tests/commands/cases as a parameterised gtest suite. Include it in one source file
// of a test binary and instantiate it with a door:
//
//   INSTANTIATE_TEST_SUITE_P(Resp, CaseSuite, CasesThrough([] { return MakeRespDoor(); }),
//   CaseName);
//
// with DUET_CASE_DIR defined to the directory of the cases.
#pragma once

#include <cctype>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/case_file.h"
#include "tests/support/door.h"

namespace duet::testing {

struct CaseThroughDoor {
  Case test;
  DoorFactory make_door;
};

inline void PrintTo(const CaseThroughDoor& param, std::ostream* out) {
  *out << param.test.file << ":" << param.test.line;
}

class CaseSuite : public ::testing::TestWithParam<CaseThroughDoor> {};

TEST_P(CaseSuite, RepliesAsExpected) {
  const Case& test = GetParam().test;
  const std::unique_ptr<TestDoor> door = GetParam().make_door();
  if (test.needs_session && !door->keeps_session()) GTEST_SKIP() << "needs a lasting session";
  if (test.beyond_redis && door->is_redis()) GTEST_SKIP() << "Redis 7.0 answers otherwise";
  const std::string differences = RunCase(*door, test);
  EXPECT_TRUE(differences.empty()) << test.name << "\n" << differences;
}

inline auto CasesThrough(DoorFactory make_door) {
  std::vector<CaseThroughDoor> params;
  for (Case& test : LoadCases(DUET_CASE_DIR)) params.push_back({std::move(test), make_door});
  return ::testing::ValuesIn(std::move(params));
}

// "strings_12_GetOfAMissingKey"
inline std::string CaseName(const ::testing::TestParamInfo<CaseThroughDoor>& info) {
  const Case& test = info.param.test;
  std::string name = test.file.substr(0, test.file.size() - 4) + "_" + std::to_string(test.line);
  bool start = true;
  for (const char c : " " + test.name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
      if (!start) name += '_';
      start = true;
      continue;
    }
    name += c;
    start = false;
  }
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}

}  // namespace duet::testing
