// Replies, RESP2 and RESP3, as a client reads them: bytes into a tree of values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace duet::resp {

// One reply. Which members mean something depends on the type.
struct Value {
  enum class Type : uint8_t {
    kSimpleString,  // text
    kError,         // text: the line behind '-', or the body of a bulk error
    kInteger,       // integer
    kBulk,          // text
    kNull,          // $-1 and _
    kNullArray,     // *-1
    kDouble,        // number, and text as it was sent
    kBoolean,       // integer is 0 or 1
    kBigNumber,     // text
    kVerbatim,      // text; format
    kArray,         // items
    kMap,           // items: key, value, key, value
    kSet,           // items
    kPush,          // items; comes between replies
  };

  Type type = Type::kNull;
  std::string text;
  std::string format;  // kVerbatim: "txt" or "mkd"
  int64_t integer = 0;
  double number = 0;
  std::vector<Value> items;

  bool is_null() const { return type == Type::kNull || type == Type::kNullArray; }
  bool is_error() const { return type == Type::kError; }
  bool operator==(const Value&) const = default;
};

struct ReplyLimits {
  size_t max_line_bytes = 64 * 1024;
  size_t max_bulk_bytes = 512ull << 20;
  size_t max_elements = 64ull << 20;  // values of one reply, all levels
  size_t max_depth = 64;              // aggregates inside each other
};

enum class ReplyStatus : uint8_t { kOk, kNeedMore, kProtocolError };

struct ReplyResult {
  size_t consumed = 0;
  ReplyStatus status = ReplyStatus::kNeedMore;
};

// Incremental: a value inside a partial reply, and a piece of a bulk, is taken over as soon as it
// is there, so nothing is read twice but an unfinished line. Attributes ('|') are read and dropped.
// Memory is bounded by the limits, and before the bytes arrive it is small, whatever they announce.
// Thread-compatible.
class ReplyParser {
 public:
  explicit ReplyParser(ReplyLimits limits = ReplyLimits()) : limits_(limits) {}

  // Reads on from `input`; with kOk, *reply is the finished reply. The caller drops the consumed
  // bytes, with kNeedMore too, and calls again with the rest and what came behind it. A protocol
  // error is final.
  [[nodiscard]] ReplyResult Parse(std::string_view input, Value* reply);

  // A sentence about the protocol error.
  std::string_view error() const { return error_; }

 private:
  // An aggregate that is not complete yet.
  struct Frame {
    Value value;
    size_t left;     // values still to come
    bool attribute;  // dropped when it is complete
  };
  enum class Step : uint8_t { kValue, kOpened, kMore, kError };

  Step ParseElement(std::string_view input, size_t* consumed, Value* value);
  Step ParseLine(char type, std::string_view body, Value* value);
  Step ParseScalarLine(char type, std::string_view body, Value* value);
  Step OpenBulk(char type, std::string_view body, Value* value);
  Step ContinueBulk(std::string_view input, size_t* consumed, Value* value);
  Step OpenAggregate(char type, std::string_view body, Value* value);
  bool Deliver(Value value, Value* reply);
  Step Fail(std::string_view what);

  const ReplyLimits limits_;
  std::vector<Frame> open_;
  Value bulk_;            // the bulk that is being read
  size_t bulk_left_ = 0;  // of its bytes, CR LF included; 0: none is being read
  size_t searched_ = 0;   // no line end in the first so many bytes of the input
  size_t elements_ = 0;   // of this reply so far, announced ones included
  std::string_view error_;
};

}  // namespace duet::resp
