// Glob patterns as KEYS, SCAN, CONFIG GET and PSUBSCRIBE use them: * ? [abc] [^a-z] and backslash.
//
// Iterative, with one point to go back to: O(pattern x text) at the worst, no recursion
// (CVE-2022-36021, CVE-2024-31228).
#pragma once

#include <string_view>

namespace duet {

bool GlobMatch(std::string_view pattern, std::string_view text, bool ignore_case = false);

}  // namespace duet
