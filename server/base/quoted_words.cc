#include "server/base/quoted_words.h"

#include <memory>

namespace duet {
namespace {

// isspace of the C locale: what separates words.
bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// What ends a word that is not quoted. Vertical tabs and form feeds do not, as in sdssplitargs.
bool EndsBareWord(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char Unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

// A cursor over the line. What it writes is never longer than what it has read.
class Unquoter {
 public:
  Unquoter(std::string_view line, char* out) : line_(line), out_(out) {}

  // Reads the word at `at`, with its quotes, and moves `at` behind it. False: unbalanced.
  bool Word(size_t* at, std::string_view* word) {
    char* const begin = out_;
    at_ = *at;
    bool closed = false;  // a closing quote ends the word
    while (!closed && at_ < line_.size() && !EndsBareWord(line_[at_])) {
      const char c = line_[at_++];
      if (c == '"') {
        if (!DoubleQuoted()) return false;
        closed = true;
      } else if (c == '\'') {
        if (!SingleQuoted()) return false;
        closed = true;
      } else {
        *out_++ = c;
      }
    }
    *at = at_;
    *word = std::string_view(begin, static_cast<size_t>(out_ - begin));
    return true;
  }

 private:
  size_t left() const { return line_.size() - at_; }
  bool AtWordEnd() const { return at_ == line_.size() || IsSpace(line_[at_]); }

  bool DoubleQuoted() {
    while (at_ < line_.size()) {
      const char c = line_[at_++];
      if (c == '"') return AtWordEnd();
      if (c != '\\' || left() == 0) {
        *out_++ = c;
      } else if (left() >= 3 && line_[at_] == 'x' && HexDigit(line_[at_ + 1]) >= 0 &&
                 HexDigit(line_[at_ + 2]) >= 0) {
        *out_++ = static_cast<char>(HexDigit(line_[at_ + 1]) * 16 + HexDigit(line_[at_ + 2]));
        at_ += 3;
      } else {
        *out_++ = Unescape(line_[at_++]);
      }
    }
    return false;
  }

  bool SingleQuoted() {
    while (at_ < line_.size()) {
      const char c = line_[at_++];
      if (c == '\'') return AtWordEnd();
      if (c == '\\' && left() > 0 && line_[at_] == '\'') {
        *out_++ = '\'';
        ++at_;
      } else {
        *out_++ = c;
      }
    }
    return false;
  }

  const std::string_view line_;
  size_t at_ = 0;
  char* out_;
};

}  // namespace

bool HasQuotes(std::string_view line) { return line.find_first_of("\"'") != line.npos; }

bool ForEachWord(std::string_view line, char* storage,
                 absl::FunctionRef<void(std::string_view)> add) {
  const bool quoted = HasQuotes(line);
  Unquoter unquoter(line, storage);
  size_t at = 0;
  for (;;) {
    while (at < line.size() && IsSpace(line[at])) ++at;
    if (at == line.size()) return true;
    std::string_view word;
    if (quoted) {
      if (!unquoter.Word(&at, &word)) return false;
    } else {
      const size_t begin = at;
      while (at < line.size() && !EndsBareWord(line[at])) ++at;
      word = line.substr(begin, at - begin);
    }
    add(word);
  }
}

std::optional<std::vector<std::string>> SplitWords(std::string_view line) {
  const auto storage = std::make_unique_for_overwrite<char[]>(line.size());
  std::vector<std::string> words;
  const auto add = [&words](std::string_view word) { words.emplace_back(word); };
  if (!ForEachWord(line, storage.get(), add)) return std::nullopt;
  return words;
}

void AppendQuoted(std::string_view word, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kEscaped = "\\\"\n\r\t\a\b";
  constexpr std::string_view kLetters = "\\\"nrtab";
  out += '"';
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (const size_t at = kEscaped.find(c); at != kEscaped.npos) {
      out.append(1, '\\').append(1, kLetters[at]);
    } else if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      out.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    }
  }
  out += '"';
}

}  // namespace duet
