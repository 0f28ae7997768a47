// Two ways through a multibulk command:
//
//   ParseComplete  the hot one. Takes a well-formed command that lies in the input as a whole,
//                  straight into the batch; gives up, without saying why, on anything else.
//   Scan           the careful one. Advances `progress_` over what is there, tells a partial
//                  command from a malformed one, and finds the error text. It fills no batch: when
//                  it has seen the end, ParseComplete runs over the command a second time. So a
//                  partial command costs no memory beyond its bytes, and however it is cut, every
//                  byte is looked at twice at the most.
//
// Invariant: ParseComplete accepts a command exactly if Scan calls it complete with arguments.
#include "server/resp/parser.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "server/base/check.h"
#include "server/base/numbers.h"
#include "server/resp/inline_words.h"

namespace duet::resp {
namespace {

constexpr size_t kCrLf = 2;
// A length of more digits is over every limit, and fewer cannot overflow.
constexpr int kMaxLengthDigits = 18;

inline bool IsCrLf(const char* p) {
  uint16_t two;
  std::memcpy(&two, p, sizeof(two));
  return two == (std::endian::native == std::endian::little ? 0x0A0D : 0x0D0A);
}

// As ReadLength, for any number of digits.
const char* ReadAnyLength(const char* p, const char* end, uint64_t* length) {
  if (end - p < 3) return nullptr;
  const unsigned first = static_cast<unsigned char>(*p++) - unsigned{'0'};
  if (first > 9) return nullptr;
  uint64_t value = first;
  if (*p != '\r') {
    if (first == 0) return nullptr;
    const char* const limit = end - p >= kMaxLengthDigits ? p + kMaxLengthDigits - 1 : end;
    for (; p != limit; ++p) {
      const unsigned digit = static_cast<unsigned char>(*p) - unsigned{'0'};
      if (digit > 9) break;
      value = value * 10 + digit;
    }
  }
  if (end - p < 2 || p[0] != '\r' || p[1] != '\n') return nullptr;
  *length = value;
  return p + kCrLf;
}

// Reads canonical digits and CR LF. Returns what lies behind, or null if they are not there.
// Nearly all have one digit or two; a loop over them was a tenth of a pipelined command's
// instructions.
inline const char* ReadLength(const char* p, const char* end, uint64_t* length) {
  if (end - p >= 4) [[likely]] {
    const unsigned first = static_cast<unsigned char>(p[0]) - unsigned{'0'};
    if (first <= 9 && IsCrLf(p + 1)) {
      *length = first;
      return p + 3;
    }
    const unsigned second = static_cast<unsigned char>(p[1]) - unsigned{'0'};
    if (first - 1 <= 8 && second <= 9 && IsCrLf(p + 2)) {
      *length = first * 10 + second;
      return p + 4;
    }
  }
  return ReadAnyLength(p, end, length);
}

// Reads a bulk string from p on. Returns what lies behind, or null if it is not there as a whole.
const char* ReadBulk(const char* p, const char* end, std::string_view* bulk) {
  if (p == nullptr || p == end || *p != '$') return nullptr;
  uint64_t bytes = 0;
  p = ReadLength(p + 1, end, &bytes);
  if (p == nullptr || static_cast<uint64_t>(end - p) < bytes) return nullptr;
  *bulk = std::string_view(p, bytes);
  p += bytes;
  return end - p < static_cast<ptrdiff_t>(kCrLf) ? nullptr : p + kCrLf;
}

// Is it POST or Host:, in any case? Asked of each command, so it looks at four letters at once.
inline bool IsHttp(std::string_view name) {
  if (name.size() != 4 && name.size() != 5) return false;
  const auto four_letters = [](const char* p) {
    uint32_t letters;
    std::memcpy(&letters, p, sizeof(letters));
    return letters | 0x20202020;
  };
  if (name.size() == 4) return four_letters(name.data()) == four_letters("post");
  return four_letters(name.data()) == four_letters("host") && name[4] == ':';
}

}  // namespace

std::string_view PeekFirstArgument(std::string_view input) {
  if (input.empty() || input.front() != '*') return {};
  const char* const end = input.data() + input.size();
  uint64_t words = 0;
  std::string_view name;
  std::string_view argument;
  const char* const p = ReadBulk(ReadLength(input.data() + 1, end, &words), end, &name);
  return words >= 2 && ReadBulk(p, end, &argument) != nullptr ? argument : std::string_view();
}

uint64_t RequestParser::max_args() const {
  return authenticated_ ? limits_.max_args : limits_.max_args_unauthenticated;
}

uint64_t RequestParser::max_bulk_bytes() const {
  return authenticated_ ? limits_.max_bulk_bytes : limits_.max_bulk_bytes_unauthenticated;
}

void RequestParser::set_authenticated(bool authenticated) {
  if (authenticated == authenticated_) return;
  authenticated_ = authenticated;
  progress_ = Progress();
}

void RequestParser::Reset() {
  progress_ = Progress();
  error_.clear();
  is_http_ = false;
}

// The last command of the batch, if it is one, is taken out of it again.
inline bool RequestParser::RefuseHttp(CommandBatch& batch) {
  if (!IsHttp(batch[batch.size() - 1][0])) return false;
  batch.DropLast();
  is_http_ = true;
  Fail("POST or Host: in the place of a command");
  return true;
}

ParseResult RequestParser::Parse(std::string_view input, CommandBatch& batch, size_t max_commands) {
  if (batch.empty() && !unquoted_.empty()) unquoted_.clear();
  ParseResult result;
  if (!error_.empty()) {
    result.status = ParseStatus::kProtocolError;
    return result;
  }
  DUET_CHECK(input.size() >= progress_.searched, "bytes of a partial command were dropped");
  const char* const end = input.data() + input.size();
  size_t parsed = 0;
  while (result.consumed < input.size() && parsed < max_commands) {
    const char* const begin = input.data() + result.consumed;
    const bool multibulk = *begin == '*';
    if (multibulk && progress_.searched == 0) {
      if (const char* next = ParseComplete(begin, end, batch)) {
        if (RefuseHttp(batch)) [[unlikely]] {
          result.status = ParseStatus::kProtocolError;
          return result;
        }
        result.consumed = static_cast<size_t>(next - input.data());
        ++parsed;
        continue;
      }
      batch.DropUnfinished();
    }
    const std::string_view rest = input.substr(result.consumed);
    bool empty = false;
    result.need_bytes = 1;
    Step step;
    if (multibulk) {
      step = Scan(rest, &result.need_bytes);
      if (step == Step::kComplete) {
        empty = begin[1] == '0' || begin[1] == '-';
        DUET_CHECK(empty || ParseComplete(begin, begin + progress_.offset, batch) != nullptr,
                   "the two ways through a command disagree");
      }
    } else {
      step = ParseInline(rest, batch, &empty);
    }
    if (step == Step::kComplete && !empty && RefuseHttp(batch)) step = Step::kError;
    if (step != Step::kComplete) {
      result.status = step == Step::kMore ? ParseStatus::kNeedMore : ParseStatus::kProtocolError;
      return result;
    }
    result.consumed += progress_.offset;
    progress_ = Progress();
    if (!empty) ++parsed;
  }
  result.need_bytes = 0;
  return result;
}

inline const char* RequestParser::ParseComplete(const char* begin, const char* end,
                                                CommandBatch& batch) const {
  uint64_t count = 0;
  const char* p = ReadLength(begin + 1, end, &count);
  if (p == nullptr || count == 0 || count > max_args()) return nullptr;
  const uint64_t max_bulk = max_bulk_bytes();
  for (; count != 0; --count) {
    if (p == end || *p != '$') return nullptr;
    uint64_t bytes = 0;
    p = ReadLength(p + 1, end, &bytes);
    if (p == nullptr || bytes > max_bulk) return nullptr;
    if (static_cast<uint64_t>(end - p) < bytes + kCrLf) return nullptr;
    if (!IsCrLf(p + bytes)) return nullptr;
    batch.Add(std::string_view(p, bytes));
    p += bytes + kCrLf;
  }
  if (static_cast<uint64_t>(p - begin) > limits_.max_request_bytes) return nullptr;
  batch.EndCommand();
  return p;
}

RequestParser::Step RequestParser::Scan(std::string_view input, size_t* need_bytes) {
  if (progress_.args_left < 0) {
    const Step step = ScanCount(input);
    if (step != Step::kComplete) return step;
  }
  while (progress_.args_left > 0) {
    if (progress_.bulk_bytes < 0) {
      const Step step = ScanBulkHeader(input);
      if (step != Step::kComplete) return step;
    }
    const size_t bulk_end = progress_.offset + static_cast<size_t>(progress_.bulk_bytes);
    // A wrong byte behind the bulk is reported as soon as it is there.
    if (input.size() > bulk_end && input[bulk_end] != '\r') return Fail("invalid bulk length");
    if (input.size() < bulk_end + kCrLf) {
      *need_bytes = bulk_end + kCrLf - input.size();
      return Step::kMore;
    }
    if (input[bulk_end + 1] != '\n') return Fail("invalid bulk length");
    progress_.offset = progress_.searched = bulk_end + kCrLf;
    progress_.bulk_bytes = -1;
    --progress_.args_left;
  }
  return Step::kComplete;
}

RequestParser::Step RequestParser::ScanCount(std::string_view input) {
  std::string_view header;
  const Step step = FindHeader(input, "too big mbulk count string", &header);
  if (step != Step::kComplete) return step;
  const std::optional<int64_t> count = ParseInt64(header.substr(1));
  if (!count || *count > static_cast<int64_t>(limits_.max_args)) {
    return Fail("invalid multibulk length");
  }
  if (*count > static_cast<int64_t>(max_args())) return Fail("unauthenticated multibulk length");
  if (input[header.size() + 1] != '\n') return Fail("invalid multibulk length");
  progress_.offset = progress_.searched = header.size() + kCrLf;
  progress_.args_left = std::max<int64_t>(*count, 0);
  return Step::kComplete;
}

RequestParser::Step RequestParser::ScanBulkHeader(std::string_view input) {
  std::string_view header;
  const Step step = FindHeader(input, "too big bulk count string", &header);
  if (step != Step::kComplete) return step;
  // A line end in the place of '$' is shown as a space, as encoders do with it.
  const char type = input[progress_.offset];
  if (type != '$') {
    const char shown = type == '\r' || type == '\n' || type == '\0' ? ' ' : type;
    return Fail(std::string("expected '$', got '") + shown + "'");
  }
  const std::optional<uint64_t> bytes = ParseUint64(header.substr(1));
  if (!bytes || *bytes > limits_.max_bulk_bytes || header.size() > 1 + kMaxLengthDigits) {
    return Fail("invalid bulk length");
  }
  if (*bytes > max_bulk_bytes()) return Fail("unauthenticated bulk length");
  const size_t header_end = progress_.offset + header.size() + kCrLf;
  if (input[header_end - 1] != '\n') return Fail("invalid bulk length");
  if (header_end + *bytes + kCrLf > limits_.max_request_bytes) return Fail("too big request");
  progress_.offset = progress_.searched = header_end;
  progress_.bulk_bytes = static_cast<int64_t>(*bytes);
  return Step::kComplete;
}

// kComplete: `header` runs from progress_.offset up to CR, and the byte behind CR is there too.
RequestParser::Step RequestParser::FindHeader(std::string_view input, const char* too_big,
                                              std::string_view* header) {
  const size_t from = std::max(progress_.searched, progress_.offset);
  const size_t window_end =
      std::min<size_t>(input.size(), progress_.offset + size_t{limits_.max_inline_bytes} + 1);
  const void* const found = std::memchr(input.data() + from, '\r', window_end - from);
  if (found == nullptr) {
    if (input.size() - progress_.offset > limits_.max_inline_bytes) return Fail(too_big);
    progress_.searched = input.size();
    return Step::kMore;
  }
  const size_t cr = static_cast<size_t>(static_cast<const char*>(found) - input.data());
  progress_.searched = cr;
  if (cr + 1 == input.size()) return Step::kMore;
  *header = input.substr(progress_.offset, cr - progress_.offset);
  return Step::kComplete;
}

RequestParser::Step RequestParser::ParseInline(std::string_view input, CommandBatch& batch,
                                               bool* empty) {
  const size_t window_end = std::min<size_t>(input.size(), size_t{limits_.max_inline_bytes} + 1);
  const void* const found =
      std::memchr(input.data() + progress_.searched, '\n', window_end - progress_.searched);
  if (found == nullptr) {
    if (input.size() > limits_.max_inline_bytes) return Fail("too big inline request");
    progress_.searched = input.size();
    return Step::kMore;
  }
  const size_t line_feed = static_cast<size_t>(static_cast<const char*>(found) - input.data());
  std::string_view line = input.substr(0, line_feed);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  std::unique_ptr<char[]> storage;
  if (!SplitInlineWords(line, batch, &storage)) {
    batch.DropUnfinished();
    return Fail("unbalanced quotes in request");
  }
  if (storage) unquoted_.push_back(std::move(storage));
  const size_t words = batch.unfinished_args();
  if (words > limits_.max_args) {
    batch.DropUnfinished();
    return Fail("too big inline request");
  }
  *empty = words == 0;
  if (!*empty) batch.EndCommand();
  progress_.offset = line_feed + 1;
  return Step::kComplete;
}

RequestParser::Step RequestParser::Fail(std::string_view what) {
  error_ = "ERR Protocol error: ";
  error_.append(what);
  return Step::kError;
}

}  // namespace duet::resp
