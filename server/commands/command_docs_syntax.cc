// A recursive descent over the words of a syntax. Positions in argv are counted along, as far as
// they are certain (behind an optional argument they are not), to tell which arguments are keys.
#include "server/commands/command_docs_syntax.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <span>
#include <utility>

namespace duet::commands {
namespace {

using Arguments = std::vector<Argument>;
using Words = std::vector<std::string_view>;

constexpr int kUnknownPosition = -1;

Words SplitWords(std::string_view syntax) {
  constexpr std::string_view kMarks = "[]<>|";
  Words words;
  for (size_t i = 0; i < syntax.size();) {
    if (syntax[i] == ' ') {
      ++i;
      continue;
    }
    size_t end = i + 1;
    if (kMarks.find(syntax[i]) == kMarks.npos) {
      while (end < syntax.size() && syntax[end] != ' ' && kMarks.find(syntax[end]) == kMarks.npos) {
        ++end;
      }
    }
    words.push_back(syntax.substr(i, end - i));
    i = end;
  }
  return words;
}

bool IsMark(std::string_view word) { return word.size() == 1 && word.find_first_of("[]<>|") == 0; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsToken(std::string_view word) {
  return !IsMark(word) && word != "..." && std::none_of(word.begin(), word.end(), IsLower);
}
bool IsName(std::string_view word) { return !IsMark(word) && word != "..." && !IsToken(word); }

std::string LowerCase(std::string_view token) {
  std::string lower(token);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

ArgumentType TypeOf(std::string_view name, std::string_view command) {
  constexpr std::string_view kIntegers[] = {
      "seconds",  "milliseconds",  "count",          "offset",    "index",   "index1",    "index2",
      "db",       "cursor",        "destination-db", "decrement", "start",   "end",       "len",
      "protover", "min-match-len", "increment",      "timeout",   "numkeys", "client-id",
  };
  if (name.starts_with("unix-time")) return ArgumentType::kUnixTime;
  if (name == "pattern") return ArgumentType::kPattern;
  if (name == "increment" && command.ends_with("float")) return ArgumentType::kDouble;
  const auto* found = std::find(std::begin(kIntegers), std::end(kIntegers), name);
  return found == std::end(kIntegers) ? ArgumentType::kString : ArgumentType::kInteger;
}

bool Covers(const KeySpec& keys, int position) {
  return keys.first > 0 && position >= keys.first && (position - keys.first) % keys.step == 0 &&
         (keys.last < 0 || position <= keys.last);
}

// Several arguments as one; a single one stays itself.
Argument Join(Arguments arguments, ArgumentType type) {
  if (arguments.size() == 1 && type == ArgumentType::kBlock) return std::move(arguments[0]);
  Argument joined{.type = type};
  joined.words = 0;
  for (const Argument& child : arguments) {
    joined.name += (joined.name.empty() ? "" : "_") + child.name;
    joined.words += child.words;
  }
  joined.children = std::move(arguments);
  return joined;
}

class Parser {
 public:
  Parser(const CommandSpec& spec, int first_position)
      : spec_(spec), words_(SplitWords(spec.syntax)), position_(first_position) {}

  std::optional<Arguments> Parse() {
    Arguments arguments;
    if (!ParseItems(arguments) || at_ != words_.size()) return std::nullopt;
    return arguments;
  }

 private:
  bool AtEnd() const { return at_ == words_.size(); }
  std::string_view Peek() const { return AtEnd() ? std::string_view() : words_[at_]; }

  // Up to a closing mark, a '|' or the end.
  bool ParseItems(Arguments& items) {
    while (!AtEnd() && Peek() != "]" && Peek() != ">" && Peek() != "|") {
      if (const size_t count = RepeatedWords(); count > 0) {
        if (!MarkRepeated(items, count)) return false;
        continue;
      }
      const std::string_view word = words_[at_++];
      if (word == "[" || word == "<") {
        if (!ParseChoice(items, word == "[")) return false;
      } else if (IsToken(word)) {
        if (!ParseToken(items, word)) return false;
      } else if (IsName(word)) {
        items.push_back(MakeNamed(word));
      } else {
        return false;
      }
    }
    return true;
  }

  Argument MakeNamed(std::string_view name) {
    Argument argument{.name = std::string(name), .type = TypeOf(name, spec_.name)};
    if (position_ != kUnknownPosition) {
      if (Covers(spec_.keys, position_)) argument.key_spec_index = 0;
      if (Covers(spec_.more_keys, position_)) argument.key_spec_index = 1;
      if (argument.key_spec_index >= 0) argument.type = ArgumentType::kKey;
      ++position_;
    }
    return argument;
  }

  // The token was read; what follows it up to the next token or mark belongs to it.
  bool ParseToken(Arguments& items, std::string_view token) {
    if (position_ != kUnknownPosition) ++position_;
    Arguments operands;
    if (Peek() == "<") {
      ++at_;
      if (!ParseChoice(operands, /*optional=*/false)) return false;
    }
    while (operands.empty() || operands.back().children.empty()) {
      if (!AtEnd() && IsName(Peek())) {
        operands.push_back(MakeNamed(words_[at_++]));
      } else if (!operands.empty() && RepeatedWords() == 1) {
        if (!MarkRepeated(operands, 1)) return false;
      } else {
        break;
      }
    }
    Argument argument = operands.empty()
                            ? Argument{.name = LowerCase(token), .type = ArgumentType::kPureToken}
                            : Join(std::move(operands), ArgumentType::kBlock);
    if (argument.type != ArgumentType::kPureToken) ++argument.words;
    argument.token = token;
    items.push_back(std::move(argument));
    return true;
  }

  // The opening mark was read.
  bool ParseChoice(Arguments& items, bool optional) {
    const std::string_view closing = optional ? "]" : ">";
    const int start = position_;
    Arguments alternatives;
    for (;;) {
      position_ = start;
      Arguments alternative;
      if (!ParseItems(alternative) || alternative.empty() || AtEnd()) return false;
      alternatives.push_back(Join(std::move(alternative), ArgumentType::kBlock));
      if (Peek() != "|") break;
      ++at_;
    }
    if (words_[at_++] != closing) return false;
    position_ = kUnknownPosition;
    const bool alone = alternatives.size() == 1;
    items.push_back(
        Join(std::move(alternatives), alone ? ArgumentType::kBlock : ArgumentType::kOneOf));
    items.back().optional |= optional;
    return true;
  }

  // How many words "[a b ...]" here repeats from before it; 0 if that is not what stands here.
  size_t RepeatedWords() const {
    if (Peek() != "[") return 0;
    const auto begin = words_.begin() + static_cast<ptrdiff_t>(at_) + 1;
    const auto dots = std::find_if(
        begin, words_.end(), [](std::string_view word) { return IsMark(word) || word == "..."; });
    if (dots == words_.end() || *dots != "..." || dots + 1 == words_.end() || dots[1] != "]") {
      return 0;
    }
    const auto count = static_cast<size_t>(dots - begin);
    if (count > at_) return 0;
    return std::equal(begin, dots, begin - 1 - static_cast<ptrdiff_t>(count)) ? count : 0;
  }

  // The last items, which took `count` words, may be repeated. Skips the repetition.
  bool MarkRepeated(Arguments& items, size_t count) {
    at_ += count + 3;
    position_ = kUnknownPosition;
    size_t first = items.size();
    for (size_t taken = 0; taken < count;) {
      if (first == 0) return false;
      taken += static_cast<size_t>(items[--first].words);
      if (taken > count) return false;
    }
    const auto begin = items.begin() + static_cast<ptrdiff_t>(first);
    Argument repeated =
        Join(Arguments(std::make_move_iterator(begin), std::make_move_iterator(items.end())),
             ArgumentType::kBlock);
    items.erase(begin, items.end());
    repeated.multiple = true;
    repeated.multiple_token = !repeated.token.empty();
    items.push_back(std::move(repeated));
    return true;
  }

  const CommandSpec& spec_;
  const Words words_;
  size_t at_ = 0;
  int position_;  // in argv of the next argument, or kUnknownPosition
};

}  // namespace

std::string_view ArgumentTypeName(ArgumentType type) {
  switch (type) {
    case ArgumentType::kString:
      return "string";
    case ArgumentType::kInteger:
      return "integer";
    case ArgumentType::kDouble:
      return "double";
    case ArgumentType::kKey:
      return "key";
    case ArgumentType::kPattern:
      return "pattern";
    case ArgumentType::kUnixTime:
      return "unix-time";
    case ArgumentType::kPureToken:
      return "pure-token";
    case ArgumentType::kOneOf:
      return "oneof";
    case ArgumentType::kBlock:
      return "block";
  }
  return "string";
}

std::optional<std::vector<Argument>> ParseSyntax(const CommandSpec& spec, int first_position) {
  return Parser(spec, first_position).Parse();
}

}  // namespace duet::commands
