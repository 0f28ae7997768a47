#include "server/http/request_parser.h"

#include <algorithm>

#include "server/base/numbers.h"

namespace duet::http {
namespace {

// RFC 9110, section 5.6.2.
bool IsTokenByte(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool IsToken(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, IsTokenByte);
}
// Visible ASCII: what a request target is made of.
bool IsTarget(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}
// A field's value: no control characters but the tab.
bool IsFieldValue(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= ' ' && byte != 0x7f);
  });
}

// Always a part of `text`: offsets are taken of it.
std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return text.substr(text.size());
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Is `word` an element of the comma-separated `list`?
bool ListHas(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    if (EqualsIgnoreCase(Trim(list.substr(0, end)), word)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

// "http://host:9121/metrics" -> "/metrics" (RFC 9112, section 3.2.2).
std::string_view PathOf(std::string_view target) {
  constexpr std::string_view kScheme = "http://";
  if (target.size() < kScheme.size()) return target;
  if (!EqualsIgnoreCase(target.substr(0, kScheme.size()), kScheme)) return target;
  const size_t path = target.find_first_of("/?", kScheme.size());
  return path == std::string_view::npos ? "/" : target.substr(path);
}

ParseError BadRequest(std::string_view reason) { return {400, reason}; }

}  // namespace

void RequestParser::Feed(std::string_view data) {
  if (error_) return;
  // The bytes behind the requests that were given move to the front; offsets go with them.
  if (consumed_ > 0 && head_end_ == 0) {
    buffer_.erase(0, consumed_);
    line_start_ -= consumed_;
    scan_ -= consumed_;
    method_start_ -= std::min(method_start_, consumed_);
    target_start_ -= std::min(target_start_, consumed_);
    accept_start_ -= std::min(accept_start_, consumed_);
    consumed_ = 0;
  }
  buffer_.append(data);
}

void RequestParser::BeginRequest() {
  consumed_ = line_start_ = scan_ = head_end_ + content_length_.value_or(0);
  head_end_ = 0;
  method_start_ = target_start_ = accept_start_ = consumed_;
  method_size_ = target_size_ = accept_size_ = headers_ = hosts_ = 0;
  have_request_line_ = http_1_0_ = wants_close_ = wants_keep_alive_ = false;
  content_length_.reset();
}

Result<std::optional<Request>, ParseError> RequestParser::Next() {
  if (!error_) error_ = Scan();
  if (error_) return *error_;
  if (head_end_ == 0) return std::optional<Request>();
  // FinishHead checked content_length_ against the limit, so this cannot overflow.
  if (buffer_.size() - head_end_ < content_length_.value_or(0)) return std::optional<Request>();

  const std::string_view all = buffer_;
  Request request;
  request.method = all.substr(method_start_, method_size_);
  const std::string_view target = PathOf(all.substr(target_start_, target_size_));
  const size_t mark = std::min(target.find('?'), target.size());
  request.path = mark == 0 ? "/" : target.substr(0, mark);
  if (mark < target.size()) request.query = target.substr(mark + 1);
  request.accept = all.substr(accept_start_, accept_size_);
  request.keep_alive = !wants_close_ && (!http_1_0_ || wants_keep_alive_);
  BeginRequest();
  return std::optional<Request>(request);
}

// Takes complete lines until the head ends or the bytes do.
std::optional<ParseError> RequestParser::Scan() {
  while (head_end_ == 0) {
    const size_t end = buffer_.find('\n', scan_);
    const size_t seen = end == std::string::npos ? buffer_.size() : end + 1;
    if (seen - consumed_ > limits_.max_head_bytes) return ParseError{431, "the head is too long"};
    scan_ = seen;
    if (end == std::string::npos) return std::nullopt;
    if (end == line_start_ || buffer_[end - 1] != '\r') {
      return BadRequest("a line does not end in CRLF");
    }
    const std::string_view line(buffer_.data() + line_start_, end - 1 - line_start_);
    std::optional<ParseError> error;
    if (!have_request_line_) {
      // Empty lines before it are passed over (RFC 9112, section 2.2); they count as head.
      if (!line.empty()) error = ParseRequestLine(line);
    } else {
      error = line.empty() ? FinishHead() : ParseHeader(line);
    }
    if (error) return error;
    line_start_ = seen;
    if (have_request_line_ && line.empty()) head_end_ = seen;
  }
  return std::nullopt;
}

std::optional<ParseError> RequestParser::ParseRequestLine(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return BadRequest("not a request line");
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!IsToken(method)) return BadRequest("not a method");
  if (!IsTarget(target)) return BadRequest("not a request target");
  const bool is_http = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' &&
                       version[5] >= '0' && version[5] <= '9' && version[7] >= '0' &&
                       version[7] <= '9';
  if (!is_http) return BadRequest("not an HTTP version");
  if (version[5] != '1') return ParseError{505, "HTTP/1.1 is spoken here"};
  http_1_0_ = version[7] == '0';
  method_start_ = line_start_;
  method_size_ = method.size();
  target_start_ = line_start_ + first + 1;
  target_size_ = target.size();
  have_request_line_ = true;
  return std::nullopt;
}

std::optional<ParseError> RequestParser::ParseHeader(std::string_view line) {
  if (++headers_ > limits_.max_headers) return ParseError{431, "too many headers"};
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return BadRequest("a header without a colon");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = Trim(line.substr(colon + 1));
  if (!IsToken(name)) return BadRequest("not a header's name");  // folded lines included
  if (!IsFieldValue(value)) return BadRequest("not a header's value");

  if (EqualsIgnoreCase(name, "host")) {
    ++hosts_;
  } else if (EqualsIgnoreCase(name, "accept")) {
    accept_start_ = static_cast<size_t>(value.data() - buffer_.data());
    accept_size_ = value.size();
  } else if (EqualsIgnoreCase(name, "connection")) {
    wants_close_ |= ListHas(value, "close");
    wants_keep_alive_ |= ListHas(value, "keep-alive");
  } else if (EqualsIgnoreCase(name, "transfer-encoding")) {
    return ParseError{501, "no transfer coding is supported"};
  } else if (EqualsIgnoreCase(name, "expect")) {
    return ParseError{417, "no expectation is met here"};
  } else if (EqualsIgnoreCase(name, "content-length")) {
    if (content_length_) return BadRequest("Content-Length more than once");
    if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos) {
      return BadRequest("not a Content-Length");
    }
    const size_t digits = std::min(value.find_first_not_of('0'), value.size() - 1);
    content_length_ = ParseUint64(value.substr(digits));
    if (!content_length_) return ParseError{413, "the body is too long"};
  }
  return std::nullopt;
}

std::optional<ParseError> RequestParser::FinishHead() {
  if (content_length_.value_or(0) > limits_.max_body_bytes) {
    return ParseError{413, "the body is too long"};
  }
  if (hosts_ > 1) return BadRequest("Host more than once");
  if (hosts_ == 0 && !http_1_0_) return BadRequest("no Host");
  return std::nullopt;
}

}  // namespace duet::http
