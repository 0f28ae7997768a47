#include "tests/support/notation.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "server/base/numbers.h"

namespace duet::testing {
namespace {

[[noreturn]] void Malformed(std::string_view text, const char* why) {
  std::fprintf(stderr, "malformed test notation (%s): %.*s\n", why, static_cast<int>(text.size()),
               text.data());
  std::abort();
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  void SkipSpaces() {
    while (Peek() == ' ') ++at_;
  }
  bool Take(std::string_view prefix) {
    if (!text_.substr(at_).starts_with(prefix)) return false;
    at_ += prefix.size();
    return true;
  }
  std::string_view Rest() { return text_.substr(std::exchange(at_, text_.size())); }

  // A quoted or a bare word. Bare words end at a space or at a closing bracket of `stops`.
  std::string Word(std::string_view stops = "") {
    std::string word;
    if (Peek() != '"') {
      while (!AtEnd() && Peek() != ' ' && stops.find(Peek()) == stops.npos) word += text_[at_++];
      return word;
    }
    ++at_;
    while (Peek() != '"' || AtEnd()) {
      if (AtEnd()) Malformed(text_, "unterminated quotes");
      word += Peek() == '\\' ? Escape() : text_[at_++];
    }
    ++at_;
    if (Take("*")) {
      const auto times = ParseInt64(Word(stops));
      if (!times) Malformed(text_, "a number after *");
      std::string repeated;
      for (int64_t i = 0; i < *times; ++i) repeated += word;
      return repeated;
    }
    return word;
  }

 private:
  char Escape() {
    const char kind = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    at_ += 2;
    switch (kind) {
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case '0':
        return '\0';
      case '"':
      case '\\':
        return kind;
      case 'x': {
        const std::string digits(text_.substr(at_, 2));
        at_ += 2;
        return static_cast<char>(std::strtoul(digits.c_str(), nullptr, 16));
      }
      default:
        Malformed(text_, "unknown escape");
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::string Line(char type, std::string_view text) {
  return std::string(1, type).append(text).append("\r\n");
}

std::string BulkBytes(std::string_view bytes) {
  return Line('$', std::to_string(bytes.size())).append(bytes).append("\r\n");
}

std::string Encode(Reader& in, bool top);

std::string EncodeAggregate(Reader& in, char type, char close) {
  std::string items;
  size_t count = 0;
  for (in.SkipSpaces(); !in.Take(std::string_view(&close, 1)); in.SkipSpaces()) {
    if (in.AtEnd()) Malformed(items, "unterminated aggregate");
    items += Encode(in, false);
    ++count;
  }
  if (type == '%') count /= 2;
  return Line(type, std::to_string(count)) + items;
}

std::string Encode(Reader& in, bool top) {
  constexpr std::string_view kStops = "]}";
  in.SkipSpaces();
  if (in.Take("nil")) return "$-1\r\n";
  if (in.Take("*nil")) return "*-1\r\n";
  if (in.Take("[")) return EncodeAggregate(in, '*', ']');
  if (in.Take("%{")) return EncodeAggregate(in, '%', '}');
  if (in.Take("~[")) return EncodeAggregate(in, '~', ']');
  if (in.Take(">[")) return EncodeAggregate(in, '>', ']');
  if (in.Peek() == '"') return BulkBytes(in.Word(kStops));
  for (const char type : {'+', '-'}) {
    if (!in.Take(std::string_view(&type, 1))) continue;
    return Line(type, top && in.Peek() != '"' ? std::string(in.Rest()) : in.Word(kStops));
  }
  for (const char type : {':', ',', '(', '#', '_'}) {
    if (in.Take(std::string_view(&type, 1))) return Line(type, in.Word(kStops));
  }
  if (in.Take("=")) {
    std::string word = in.Word(":");
    in.Take(":");
    word += ":" + in.Word(kStops);
    return Line('=', std::to_string(word.size())) + word + "\r\n";
  }
  Malformed(in.Rest(), "unknown kind of reply");
}

std::string_view TakeLine(std::string_view& bytes) {
  const size_t end = bytes.find("\r\n");
  if (end == bytes.npos) Malformed(bytes, "a line without CRLF");
  const std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end + 2);
  return line;
}

// A simple string or an error inside of an aggregate: quoted if it is not one plain word.
std::string Word(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '|';
  });
  return plain ? std::string(text) : Quoted(text);
}

std::string Decode(std::string_view& bytes, bool top) {
  const std::string_view line = TakeLine(bytes);
  if (line.empty()) Malformed(bytes, "an empty line");
  const char type = line[0];
  const std::string_view rest = line.substr(1);
  if (type == '+' || type == '-') {
    return std::string(1, type).append(top ? std::string(rest) : Word(rest));
  }
  if (std::string_view(":,(#_").find(type) != std::string_view::npos) return std::string(line);
  const auto count = ParseInt64(rest);
  if (!count) Malformed(line, "a count");
  if (*count < 0) return type == '*' ? "*nil" : "nil";
  const auto size = static_cast<size_t>(*count);
  if (type == '$' || type == '=') {
    const std::string_view body = bytes.substr(0, size);
    bytes.remove_prefix(size + 2);
    if (type == '$') return Quoted(body);
    return "=" + std::string(body.substr(0, 3)) + ":" + Quoted(body.substr(4));
  }
  std::string out = type == '*' ? "[" : type == '%' ? "%{" : std::string(1, type) + "[";
  for (size_t i = 0; i < (type == '%' ? 2 * size : size); ++i) {
    if (i > 0) out += ' ';
    out += Decode(bytes, false);
  }
  return out + (type == '%' ? '}' : ']');
}

}  // namespace

std::vector<std::string> ParseWords(std::string_view line) {
  std::vector<std::string> words;
  Reader in(line);
  for (in.SkipSpaces(); !in.AtEnd(); in.SkipSpaces()) words.push_back(in.Word());
  return words;
}

std::string ReplyBytes(std::string_view notation) {
  Reader in(notation);
  std::string bytes = Encode(in, true);
  in.SkipSpaces();
  if (!in.AtEnd()) Malformed(notation, "text after the reply");
  return bytes;
}

std::string Notation(std::string_view resp_bytes) {
  std::string out;
  while (!resp_bytes.empty()) {
    if (!out.empty()) out += ' ';
    out += Decode(resp_bytes, true);
  }
  return out;
}

std::string Quoted(std::string_view bytes) {
  std::string out = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte >= 0x7f) {
      char hex[5];
      std::snprintf(hex, sizeof(hex), "\\x%02x", byte);
      out += hex;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace duet::testing
