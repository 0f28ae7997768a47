// The matcher walks pattern and text side by side. A star remembers where it stood; a later
// mismatch goes back to the last star and lets it swallow one more byte. Only the last star has to
// be remembered: every other element takes exactly one byte, so an earlier star could not help.
//
// Corners follow Redis' stringmatchlen: a class without ']' reaches to the end of the pattern, a
// lone backslash at the end stands for itself, a reversed range is turned round, an escaped byte
// inside a class keeps its case. Unlike there, stars match an empty text everywhere.
#include "server/base/glob.h"

#include <cstddef>
#include <utility>

namespace duet {
namespace {

unsigned char Fold(char c, bool ignore_case) {
  if (ignore_case && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return static_cast<unsigned char>(c);
}

// Does the class that opens at pattern[*at] hold `c`? Moves *at behind the class.
bool ClassHolds(std::string_view pattern, size_t* at, char c, bool ignore_case) {
  const unsigned char wanted = Fold(c, ignore_case);
  size_t p = *at + 1;
  const bool negated = p < pattern.size() && pattern[p] == '^';
  if (negated) ++p;
  bool found = false;
  for (; p < pattern.size() && pattern[p] != ']'; ++p) {
    const size_t left = pattern.size() - p;
    if (pattern[p] == '\\' && left >= 2) {
      ++p;
      found |= pattern[p] == c;
    } else if (left >= 3 && pattern[p + 1] == '-') {
      unsigned char low = static_cast<unsigned char>(pattern[p]);
      unsigned char high = static_cast<unsigned char>(pattern[p + 2]);
      if (low > high) std::swap(low, high);
      low = Fold(static_cast<char>(low), ignore_case);
      high = Fold(static_cast<char>(high), ignore_case);
      found |= low <= wanted && wanted <= high;
      p += 2;
    } else {
      found |= Fold(pattern[p], ignore_case) == wanted;
    }
  }
  *at = p < pattern.size() ? p + 1 : p;
  return found != negated;
}

// Does the element at pattern[*at], which is not a star, match `c`? Moves *at behind it if so.
bool ElementMatches(std::string_view pattern, size_t* at, char c, bool ignore_case) {
  switch (pattern[*at]) {
    case '?':
      ++*at;
      return true;
    case '[':
      return ClassHolds(pattern, at, c, ignore_case);
    case '\\':
      if (*at + 1 < pattern.size()) ++*at;
      [[fallthrough]];
    default:
      return Fold(pattern[(*at)++], ignore_case) == Fold(c, ignore_case);
  }
}

}  // namespace

bool GlobMatch(std::string_view pattern, std::string_view text, bool ignore_case) {
  constexpr size_t kNone = static_cast<size_t>(-1);
  size_t p = 0;
  size_t t = 0;
  size_t star = kNone;   // behind the last star seen
  size_t star_text = 0;  // the text from here on is matched by what follows that star
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_text = t;
      if (star == pattern.size()) return true;
      continue;
    }
    if (p < pattern.size() && ElementMatches(pattern, &p, text[t], ignore_case)) {
      ++t;
      continue;
    }
    if (star == kNone) return false;
    p = star;
    t = ++star_text;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace duet
