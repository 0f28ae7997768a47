#include "tests/support/case_file.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string_view>

#include "server/base/numbers.h"
#include "tests/support/notation.h"

namespace duet::testing {
namespace {

[[noreturn]] void Malformed(const std::string& file, int line, std::string_view text) {
  std::fprintf(stderr, "%s:%d: malformed case: %.*s\n", file.c_str(), line,
               static_cast<int>(text.size()), text.data());
  std::abort();
}

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

void ParseStep(const std::string& file, int line, std::string_view text, Case& test) {
  if (TakePrefix(text, "! connection")) {
    test.needs_session = true;
  } else if (TakePrefix(text, "! beyond-redis-7.0 ") && !text.empty()) {
    test.beyond_redis = true;
  } else if (TakePrefix(text, "@ advance ")) {
    const auto ms = ParseInt64(text);
    if (!ms) Malformed(file, line, text);
    test.steps.push_back({.line = line, .advance_ms = *ms, .argv = {}, .expected = {}});
  } else if (TakePrefix(text, "> ")) {
    test.steps.push_back({.line = line, .argv = ParseWords(text), .expected = {}});
  } else if (!test.steps.empty() && test.steps.back().expected.empty()) {
    Step& step = test.steps.back();
    if (TakePrefix(text, "<~ ")) {
      step.expect = Expect::kRegex;
    } else if (TakePrefix(text, "<* ")) {
      step.expect = Expect::kUnordered;
    } else if (!TakePrefix(text, "< ")) {
      Malformed(file, line, text);
    }
    step.expected = text;
  } else {
    Malformed(file, line, text);
  }
}

std::vector<Case> LoadFile(const std::filesystem::path& path) {
  const std::string file = path.filename().string();
  std::vector<Case> cases;
  std::ifstream in(path);
  std::string text;
  for (int line = 1; std::getline(in, text); ++line) {
    if (text.empty() || text[0] == '#') continue;
    std::string_view rest = text;
    if (TakePrefix(rest, "= ")) {
      cases.push_back({.file = file, .line = line, .name = std::string(rest), .steps = {}});
    } else if (cases.empty()) {
      Malformed(file, line, text);
    } else {
      ParseStep(file, line, text, cases.back());
    }
  }
  return cases;
}

// The elements of a flat array in notation, sorted.
std::vector<std::string> SortedElements(const std::string& array) {
  std::vector<std::string> elements;
  if (array.size() < 2) return elements;
  for (std::string& word : ParseWords(array.substr(1, array.size() - 2))) {
    elements.push_back(std::move(word));
  }
  std::sort(elements.begin(), elements.end());
  return elements;
}

bool Matches(const Step& step, const std::string& bytes) {
  switch (step.expect) {
    case Expect::kBytes:
      return bytes == ReplyBytes(step.expected);
    case Expect::kRegex:
      return std::regex_search(Notation(bytes), std::regex(step.expected));
    case Expect::kUnordered:
      return SortedElements(Notation(bytes)) == SortedElements(step.expected);
  }
  return false;
}

}  // namespace

std::vector<Case> LoadCases(const std::string& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Case> cases;
  for (const auto& file : files) {
    for (Case& test : LoadFile(file)) cases.push_back(std::move(test));
  }
  return cases;
}

std::string RunCase(TestDoor& door, const Case& test) {
  door.Reset();
  std::string differences;
  for (const Step& step : test.steps) {
    if (step.argv.empty()) {
      door.AdvanceMs(step.advance_ms);
      continue;
    }
    const std::string bytes = door.Send(step.argv);
    if (Matches(step, bytes)) continue;
    differences += "tests/commands/cases/" + test.file + ":" + std::to_string(step.line) + ":";
    for (const std::string& word : step.argv) differences += " " + Quoted(word).substr(0, 200);
    differences += "\n  expected " + step.expected + "\n  got      " + Notation(bytes) + "\n";
  }
  return differences;
}

}  // namespace duet::testing
