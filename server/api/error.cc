#include "server/api/error.h"

#include <cstddef>
#include <iterator>

namespace duet {

Error MakeError(ErrorCode code, std::string text) { return Error{code, std::move(text)}; }

Error SyntaxError() { return {ErrorCode::kSyntax, "ERR syntax error"}; }

Error NotAnInteger() {
  return {ErrorCode::kOutOfRange, "ERR value is not an integer or out of range"};
}

Error NotAFloat() { return {ErrorCode::kOutOfRange, "ERR value is not a valid float"}; }

Error WrongType() {
  return {ErrorCode::kWrongType,
          "WRONGTYPE Operation against a key holding the wrong kind of value"};
}

Error NoSuchKey() { return {ErrorCode::kNotFound, "ERR no such key"}; }

Error OutOfMemory() {
  return {ErrorCode::kLimit, "OOM command not allowed when used memory > 'maxmemory'."};
}

Error WrongArity(std::string_view command) {
  std::string text = "ERR wrong number of arguments for '";
  text.append(command).append("' command");
  return {ErrorCode::kSyntax, std::move(text)};
}

Error InvalidExpireTime(std::string_view command) {
  std::string text = "ERR invalid expire time in '";
  text.append(command).append("' command");
  return {ErrorCode::kOutOfRange, std::move(text)};
}

namespace {

// By ErrorWord.
constexpr std::string_view kWords[] = {
    "ERR",      "BUSY",      "BUSYKEY",   "EXECABORT",  "LOADING",  "MISCONF",
    "NOAUTH",   "NOPERM",    "NOPROTO",   "NOREPLICAS", "NOSCRIPT", "OOM",
    "READONLY", "UNBLOCKED", "WRONGPASS", "WRONGTYPE",
};
static_assert(std::size(kWords) == kErrorWordCount);

}  // namespace

ErrorWord ErrorWordOf(std::string_view text) {
  const std::string_view word = text.substr(0, text.find(' '));
  for (size_t i = 0; i < std::size(kWords); ++i) {
    if (word == kWords[i]) return static_cast<ErrorWord>(i);
  }
  return ErrorWord::kErr;
}

std::string_view ErrorWordText(ErrorWord word) { return kWords[static_cast<size_t>(word)]; }

}  // namespace duet
