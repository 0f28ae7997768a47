#include "server/api/error.h"

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

std::string_view ErrorWord(ErrorCode code) {
  switch (code) {
    case ErrorCode::kWrongType:
      return "WRONGTYPE";
    case ErrorCode::kNoAuth:
      return "NOAUTH";
    case ErrorCode::kNoPermission:
      return "NOPERM";
    case ErrorCode::kProtocol:
      return "NOPROTO";
    case ErrorCode::kUnavailable:
      return "LOADING";
    case ErrorCode::kAborted:
      return "EXECABORT";
    default:
      return "ERR";
  }
}

}  // namespace duet
