// What a user did wrong, as a value.
//
// `text` is the whole line that a RESP client sees after '-', byte-equal to Redis 7's where Redis
// has one ("ERR syntax error", "WRONGTYPE Operation against ..."). `code` is the reason in a form
// that a program switches on; gRPC's status table (server/grpc/status.h) maps it. Carriage returns
// and line feeds never reach a reply: encoders replace them by spaces (CVE-2025-67733).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "server/base/result.h"

namespace duet {

enum class ErrorCode : uint8_t {
  kGeneric,         // ERR ... that no other code describes
  kSyntax,          // malformed arguments: wrong count, unknown option, not a number
  kOutOfRange,      // a number that is not an integer, overflows, or lies outside its range
  kUnknownCommand,  // no such command or subcommand
  kWrongType,       // WRONGTYPE
  kNotFound,        // "ERR no such key"
  kConflict,        // the state of the data forbids it (BUSYKEY, ...)
  kNoAuth,          // NOAUTH, WRONGPASS
  kNoPermission,    // NOPERM
  kProtocol,        // NOPROTO, and frames that are not RESP
  kLimit,           // a configured limit: too many clients, too long, OOM
  kUnavailable,     // LOADING, draining
  kAborted,         // EXECABORT
  kNotInThisDoor,   // a command that needs a connection, called without one
};

struct Error {
  ErrorCode code = ErrorCode::kGeneric;
  std::string text;
};

// A value or a user's error.
template <typename T>
using Expected = Result<T, Error>;

// The errors that many commands share. Each returns Redis' exact line.
[[nodiscard]] Error SyntaxError();   // ERR syntax error
[[nodiscard]] Error NotAnInteger();  // ERR value is not an integer or out of range
[[nodiscard]] Error NotAFloat();     // ERR value is not a valid float
[[nodiscard]] Error WrongType();     // WRONGTYPE ...
[[nodiscard]] Error NoSuchKey();     // ERR no such key
[[nodiscard]] Error OutOfMemory();   // OOM command not allowed ...
[[nodiscard]] Error WrongArity(std::string_view command);  // ERR wrong number of arguments for ...
[[nodiscard]] Error InvalidExpireTime(std::string_view command);  // ERR invalid expire time in ...
inline constexpr int kErrorCodeCount = static_cast<int>(ErrorCode::kNotInThisDoor) + 1;

// The first word of an error's text, by which Redis counts errors (INFO errorstats). Every word
// that an error of this server begins with is here.
enum class ErrorWord : uint8_t {
  kErr,
  kBusy,
  kBusyKey,
  kExecAbort,
  kLoading,
  kMisconf,
  kNoAuth,
  kNoPerm,
  kNoProto,
  kNoReplicas,
  kNoScript,
  kOom,
  kReadOnly,
  kUnblocked,
  kWrongPass,
  kWrongType,
};
inline constexpr int kErrorWordCount = static_cast<int>(ErrorWord::kWrongType) + 1;

// Of a text with another first word: kErr.
ErrorWord ErrorWordOf(std::string_view text);
// "ERR", "WRONGTYPE", ...
std::string_view ErrorWordText(ErrorWord word);

[[nodiscard]] Error MakeError(ErrorCode code, std::string text);

}  // namespace duet
