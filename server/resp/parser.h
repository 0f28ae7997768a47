// Client requests: RESP arrays of bulk strings, and inline commands (a line of words, as typed into
// a terminal). Source: the Redis serialization protocol specification; the error texts, and what
// counts as malformed, are those of Redis 7's networking.c.
//
// Stricter than Redis in one point: where it skips two bytes behind a length or a bulk unseen, they
// have to be CR LF here. The text is then that of the wrong length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/api/argv.h"
#include "server/base/limits.h"

namespace duet::resp {

enum class ParseStatus : uint8_t {
  kOk,             // the input is used up at the end of a command, or max_commands are parsed
  kNeedMore,       // the input ends inside a command
  kProtocolError,  // error() says what is wrong; answer it and close
};

struct ParseResult {
  size_t consumed = 0;  // bytes of complete commands, from the beginning of the input
  ParseStatus status = ParseStatus::kOk;
  // kNeedMore: at least so many bytes are missing; for a bulk, exactly the rest of it. It is what
  // the client claims: reserve address space by it, but do not touch that memory.
  size_t need_bytes = 0;
};

// The argument behind the name of the multibulk command that `input` begins with, where it is there
// as a whole; empty: it is not, or there is none. For hints: the command may yet prove malformed.
std::string_view PeekFirstArgument(std::string_view input);

// One connection's parser. Incremental: a partial command is remembered as offsets from its first
// byte, so bytes are looked at once while they trickle in, and once more when the command is
// complete. The caller keeps the partial command contiguous and may move it between calls.
// Thread-compatible.
class RequestParser {
 public:
  // `limits` outlives the parser.
  explicit RequestParser(const Limits& limits) : limits_(limits) {}
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Until the client is authenticated, where it has to be, the lower limits hold. Parse with
  // max_commands 1 in that state: the command may be AUTH. A change holds for a partial command
  // too. Starts as true.
  void set_authenticated(bool authenticated);
  bool authenticated() const { return authenticated_; }

  // Appends up to `max_commands` complete commands to `batch`. Their arguments are views into
  // `input`; those of inline commands with quotes are views into the parser, which keeps them until
  // Parse is called with an empty batch.
  // REQUIRES: `input` begins where the last call stopped consuming, and holds at least what it held
  // then. After a protocol error: every further call reports it again.
  [[nodiscard]] ParseResult Parse(std::string_view input, CommandBatch& batch, size_t max_commands);

  // Forgets the partial command and the error: the next input begins with a command, which may be
  // one that was parsed before.
  void Reset();

  // The whole line of the error reply, "ERR Protocol error: ...", without CR LF.
  const std::string& error() const { return error_; }
  // The error: a command is called POST or Host:, as in what a web page can make a browser send
  // here. Nothing behind it may be taken for commands, and it gets no answer, as in Redis.
  bool is_http() const { return is_http_; }

 private:
  // What is known about the command at the beginning of the input. Offsets count from its first
  // byte, which makes them good wherever the caller moves it.
  struct Progress {
    size_t offset = 0;        // everything before is checked
    size_t searched = 0;      // no line end before this (at least `offset`, once used)
    int64_t args_left = -1;   // -1: the array's header is not read yet
    int64_t bulk_bytes = -1;  // -1: the next bulk's header is not read yet
  };
  enum class Step : uint8_t { kComplete, kMore, kError };

  const char* ParseComplete(const char* begin, const char* end, CommandBatch& batch) const;
  Step Scan(std::string_view input, size_t* need_bytes);
  Step ScanCount(std::string_view input);
  Step ScanBulkHeader(std::string_view input);
  Step FindHeader(std::string_view input, const char* too_big, std::string_view* header);
  Step ParseInline(std::string_view input, CommandBatch& batch, bool* empty);
  bool RefuseHttp(CommandBatch& batch);
  Step Fail(std::string_view what);

  uint64_t max_args() const;
  uint64_t max_bulk_bytes() const;

  const Limits& limits_;
  bool authenticated_ = true;
  Progress progress_;
  std::vector<std::unique_ptr<char[]>> unquoted_;  // one block per inline command with quotes
  std::string error_;
  bool is_http_ = false;
};

}  // namespace duet::resp
