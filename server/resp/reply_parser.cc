// One loop over elements: a line (scalars, and the headers of bulks and aggregates) or a piece of a
// bulk. An aggregate's header opens a frame; each finished value goes to the innermost frame, which
// may finish that one in turn. Frames own their values, so nesting costs no recursion here, and the
// destructor of a Value recurses no deeper than max_depth.
#include "server/resp/reply_parser.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "server/base/numbers.h"

namespace duet::resp {
namespace {

constexpr size_t kCrLf = 2;
// Reserved ahead at the most; what a header announces beyond grows as it arrives.
constexpr size_t kReservedItems = 64;
constexpr size_t kReservedBytes = 64 * 1024;

Value Make(Value::Type type) {
  Value value;
  value.type = type;
  return value;
}

bool IsDigits(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Value::Type AggregateType(char type) {
  switch (type) {
    case '%':
    case '|':
      return Value::Type::kMap;
    case '~':
      return Value::Type::kSet;
    case '>':
      return Value::Type::kPush;
    default:
      return Value::Type::kArray;
  }
}

}  // namespace

ReplyResult ReplyParser::Parse(std::string_view input, Value* reply) {
  ReplyResult result;
  for (;;) {
    if (!error_.empty()) {
      result.status = ReplyStatus::kProtocolError;
      return result;
    }
    Value value;
    size_t consumed = 0;
    const Step step = ParseElement(input.substr(result.consumed), &consumed, &value);
    result.consumed += consumed;
    if (step == Step::kMore) return result;
    if (step == Step::kValue && Deliver(std::move(value), reply)) {
      result.status = ReplyStatus::kOk;
      elements_ = 0;
      return result;
    }
  }
}

// Puts a finished value where it belongs. True: it is the reply.
bool ReplyParser::Deliver(Value value, Value* reply) {
  for (;;) {
    if (open_.empty()) {
      *reply = std::move(value);
      return true;
    }
    Frame& frame = open_.back();
    frame.value.items.push_back(std::move(value));
    if (--frame.left > 0) return false;
    value = std::move(frame.value);
    const bool attribute = frame.attribute;
    open_.pop_back();
    if (attribute) return false;
  }
}

ReplyParser::Step ReplyParser::ParseElement(std::string_view input, size_t* consumed,
                                            Value* value) {
  if (bulk_left_ > 0) return ContinueBulk(input, consumed, value);
  const size_t window_end = std::min(input.size(), limits_.max_line_bytes + kCrLf);
  const size_t from = std::min(searched_, window_end);
  const size_t line_feed = input.substr(0, window_end).find('\n', from);
  if (line_feed == std::string_view::npos) {
    if (window_end == limits_.max_line_bytes + kCrLf) return Fail("a line is too long");
    searched_ = window_end;
    return Step::kMore;
  }
  searched_ = 0;
  if (line_feed < kCrLf || input[line_feed - 1] != '\r') return Fail("a line lacks its end");
  const std::string_view body = input.substr(1, line_feed - kCrLf);
  if (body.find('\r') != std::string_view::npos) return Fail("a carriage return inside a line");
  *consumed = line_feed + 1;
  return ParseLine(input[0], body, value);
}

ReplyParser::Step ReplyParser::ParseLine(char type, std::string_view body, Value* value) {
  switch (type) {
    case '$':
    case '=':
    case '!':
      return OpenBulk(type, body, value);
    case '*':
    case '%':
    case '~':
    case '>':
    case '|':
      return OpenAggregate(type, body, value);
    default:
      return ParseScalarLine(type, body, value);
  }
}

ReplyParser::Step ReplyParser::ParseScalarLine(char type, std::string_view body, Value* value) {
  switch (type) {
    case '+':
    case '-':
      *value = Make(type == '+' ? Value::Type::kSimpleString : Value::Type::kError);
      value->text = body;
      return Step::kValue;
    case ':': {
      const std::optional<int64_t> integer = ParseInt64(body);
      if (!integer) return Fail("not an integer");
      *value = Make(Value::Type::kInteger);
      value->integer = *integer;
      return Step::kValue;
    }
    case '_':
      if (!body.empty()) return Fail("a null with content");
      *value = Make(Value::Type::kNull);
      return Step::kValue;
    case '#':
      if (body != "t" && body != "f") return Fail("not a boolean");
      *value = Make(Value::Type::kBoolean);
      value->integer = body == "t" ? 1 : 0;
      return Step::kValue;
    case ',': {
      const std::optional<double> number = body == "nan" || body == "-nan"
                                               ? std::numeric_limits<double>::quiet_NaN()
                                               : ParseDouble(body);
      if (!number) return Fail("not a double");
      *value = Make(Value::Type::kDouble);
      value->number = *number;
      value->text = body;
      return Step::kValue;
    }
    case '(':
      if (!IsDigits(body)) return Fail("not a big number");
      *value = Make(Value::Type::kBigNumber);
      value->text = body;
      return Step::kValue;
    default:
      return Fail("an unknown type of reply");
  }
}

ReplyParser::Step ReplyParser::OpenBulk(char type, std::string_view body, Value* value) {
  if (type == '$' && body == "-1") {
    *value = Make(Value::Type::kNull);
    return Step::kValue;
  }
  const std::optional<uint64_t> bytes = ParseUint64(body);
  if (!bytes || *bytes > limits_.max_bulk_bytes) return Fail("a bad bulk length");
  if (type == '=' && *bytes < 4) return Fail("a verbatim string without its format");
  const Value::Type bulk_type = type == '='   ? Value::Type::kVerbatim
                                : type == '!' ? Value::Type::kError
                                              : Value::Type::kBulk;
  bulk_ = Make(bulk_type);
  bulk_.text.reserve(std::min<size_t>(*bytes, kReservedBytes));
  bulk_left_ = *bytes + kCrLf;
  return Step::kOpened;
}

ReplyParser::Step ReplyParser::ContinueBulk(std::string_view input, size_t* consumed,
                                            Value* value) {
  if (bulk_left_ > kCrLf) {
    const size_t piece = std::min(input.size(), bulk_left_ - kCrLf);
    bulk_.text.append(input.substr(0, piece));
    bulk_left_ -= piece;
    *consumed = piece;
    input.remove_prefix(piece);
  }
  if (!input.empty() && bulk_left_ == kCrLf && input[0] != '\r') {
    return Fail("a bulk lacks its end");
  }
  if (bulk_left_ > kCrLf || input.size() < kCrLf) return Step::kMore;
  if (input[1] != '\n') return Fail("a bulk lacks its end");
  *consumed += kCrLf;
  bulk_left_ = 0;
  if (bulk_.type == Value::Type::kVerbatim) {
    if (bulk_.text[3] != ':') return Fail("a verbatim string without its format");
    bulk_.format = bulk_.text.substr(0, 3);
    bulk_.text.erase(0, 4);
  }
  *value = std::exchange(bulk_, Value());
  return Step::kValue;
}

ReplyParser::Step ReplyParser::OpenAggregate(char type, std::string_view body, Value* value) {
  if (type == '*' && body == "-1") {
    *value = Make(Value::Type::kNullArray);
    return Step::kValue;
  }
  const std::optional<uint64_t> announced = ParseUint64(body);
  if (!announced || *announced > limits_.max_elements) return Fail("a bad aggregate length");
  const bool pairs = type == '%' || type == '|';
  const size_t count = pairs ? *announced * 2 : *announced;
  if (count > limits_.max_elements - elements_) return Fail("too many values in a reply");
  elements_ += count;
  *value = Make(AggregateType(type));
  if (count == 0) return type == '|' ? Step::kOpened : Step::kValue;
  if (open_.size() == limits_.max_depth) return Fail("a reply is nested too deeply");
  value->items.reserve(std::min(count, kReservedItems));
  open_.push_back(Frame{std::move(*value), count, type == '|'});
  return Step::kOpened;
}

ReplyParser::Step ReplyParser::Fail(std::string_view what) {
  error_ = what;
  return Step::kError;
}

}  // namespace duet::resp
