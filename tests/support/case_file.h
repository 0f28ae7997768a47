// Cases: commands and the replies that they must get, as text that every door runs.
//
//   # a comment
//   = GET of a missing key            starts a case, in an empty store and a fresh session
//   ! connection                      needs a session that lasts (SELECT, CLIENT SETNAME, ...)
//   ! beyond-redis-7.0 <why>          redis-server 7.0 does not answer so; the compat run skips it
//                                     and prints the reason, which must be given
//   > GET k                           a command, in the notation of notation.h
//   < nil                             its reply, byte for byte
//   > TIME
//   <~ ^\["\d+" "\d+"\]$              or: a regular expression found in the reply's notation
//   > RANDOMKEY
//   <* "a"                            or: an array that holds these, in any order
//   @ advance 100                     turns the clock, in milliseconds
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/door.h"

namespace duet::testing {

enum class Expect : uint8_t { kBytes, kRegex, kUnordered };

struct Step {
  int line = 0;            // in the file
  int64_t advance_ms = 0;  // > 0: turns the clock and nothing else
  std::vector<std::string> argv;
  Expect expect = Expect::kBytes;
  std::string expected;  // in notation, or the regular expression
};

struct Case {
  std::string file;  // "strings.txt"
  int line = 0;
  std::string name;
  bool needs_session = false;
  bool beyond_redis = false;
  std::vector<Step> steps;
};

// Every case of the *.txt files in `directory`, by file and line. Ends the test program with a
// message where a file is malformed.
std::vector<Case> LoadCases(const std::string& directory);

// Runs `test` through `door` after door.Reset(). Returns what differed, empty if nothing did.
std::string RunCase(TestDoor& door, const Case& test);

}  // namespace duet::testing
