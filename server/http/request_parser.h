// Requests of HTTP/1.0 and HTTP/1.1, cut out of a byte stream that arrives in any pieces.
//
// Strict where leniency has been exploited (RFC 9112, sections 2.2, 3, 5, 6.3 and 11.2): lines end
// in CRLF, no folding, no space before a colon, one Host, no Transfer-Encoding, digits only in
// Content-Length. A body may come, within a limit, and is dropped: no resource here takes one.
// The request line is checked as soon as it is complete, so that a client of another protocol is
// told at once. Everything is bounded: a parser holds at most what it was fed last, one head and
// one body.
//
// Thread class: thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/result.h"

namespace duet::http {

struct ParserLimits {
  size_t max_head_bytes = 8 * 1024;  // request line and headers, the empty line included
  size_t max_headers = 64;
  size_t max_body_bytes = 8 * 1024;
};

// Views into the parser's buffer.
struct Request {
  std::string_view method;  // "GET"
  std::string_view path;    // "/metrics", without query; "*" as it came
  std::string_view query;   // behind '?'
  std::string_view accept;  // the last Accept header; empty: none
  bool keep_alive = true;   // what the client wants
};

// Why the bytes are not a request; the connection cannot go on after it.
struct ParseError {
  int status = 400;
  std::string_view reason;  // static
};

class RequestParser {
 public:
  explicit RequestParser(const ParserLimits& limits = {}) : limits_(limits) {}

  // Appends bytes from the connection. Ends the views of the last request.
  void Feed(std::string_view data);

  // The next request whose head and body have arrived; nothing: more bytes are needed. After an
  // error it gives the same error again. The views live until the next Feed or Next.
  Result<std::optional<Request>, ParseError> Next();

  // No byte of a next request has come.
  bool idle() const { return buffer_.size() == consumed_; }

 private:
  std::optional<ParseError> Scan();
  std::optional<ParseError> ParseRequestLine(std::string_view line);
  std::optional<ParseError> ParseHeader(std::string_view line);
  std::optional<ParseError> FinishHead();
  void BeginRequest();

  const ParserLimits limits_;
  std::string buffer_;
  size_t consumed_ = 0;  // bytes of buffer_ that belong to requests already given
  std::optional<ParseError> error_;

  // Of the request that is being read; offsets are into buffer_, which may move.
  size_t line_start_ = 0;
  size_t scan_ = 0;      // no line end lies before it, from line_start_
  size_t head_end_ = 0;  // behind the empty line; 0: not seen yet
  size_t method_start_ = 0, method_size_ = 0;
  size_t target_start_ = 0, target_size_ = 0;
  size_t accept_start_ = 0, accept_size_ = 0;
  size_t headers_ = 0;
  bool have_request_line_ = false;
  bool http_1_0_ = false;
  bool wants_close_ = false;
  bool wants_keep_alive_ = false;
  size_t hosts_ = 0;
  std::optional<uint64_t> content_length_;
};

}  // namespace duet::http
