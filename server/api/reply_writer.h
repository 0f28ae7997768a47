// Where a handler writes its reply. A door implements it: server/resp/encoder.h writes RESP2 or
// RESP3 bytes straight into the output buffer, server/grpc/reply_builder.h fills protobuf messages.
//
// A handler writes exactly one reply: one scalar, or one aggregate header followed by exactly as
// many replies as the header announced (twice as many for Map). Views are copied before the call
// returns.
// Thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/api/error.h"

namespace duet {

class ReplyWriter {
 public:
  virtual ~ReplyWriter() = default;

  // Scalars.
  virtual void SimpleString(std::string_view text) = 0;
  virtual void Integer(int64_t value) = 0;
  virtual void Bulk(std::string_view bytes) = 0;
  virtual void Null() = 0;                // a missing value
  virtual void Double(double value) = 0;  // RESP2: a bulk string
  virtual void Boolean(bool value) = 0;   // RESP2: 0 or 1
  virtual void BigNumber(std::string_view digits) = 0;
  virtual void Verbatim(std::string_view format, std::string_view text) = 0;  // "txt" or "mkd"

  // Aggregates; what they hold follows.
  virtual void Array(size_t count) = 0;
  virtual void Map(size_t pairs) = 0;   // RESP2: a flat array of 2 * pairs
  virtual void Set(size_t count) = 0;   // RESP2: an array
  virtual void Push(size_t count) = 0;  // RESP2: an array
  virtual void NullArray() = 0;         // RESP2: *-1; RESP3: null
  // Stands before a reply and is none. False where the protocol has no such thing: then nothing may
  // be written into it.
  virtual bool Attribute(size_t /*pairs*/) { return false; }

  void Ok() { SimpleString("OK"); }
  // Writes the decimal digits of `value` as a bulk string, as GET of an integer does.
  virtual void BulkInteger(int64_t value);
  void Error(const duet::Error& error) {
    ++errors_;
    last_error_ = error.code;
    last_error_word_ = ErrorWordOf(error.text);
    WriteError(error);
  }

  // Errors written so far; the dispatcher compares before and after to count failed calls.
  uint64_t errors() const { return errors_; }
  // The code and the first word of the last one. REQUIRES: errors() > 0.
  ErrorCode last_error() const { return last_error_; }
  ErrorWord last_error_word() const { return last_error_word_; }

 protected:
  virtual void WriteError(const duet::Error& error) = 0;

 private:
  uint64_t errors_ = 0;
  ErrorCode last_error_ = ErrorCode::kGeneric;
  ErrorWord last_error_word_ = ErrorWord::kErr;
};

}  // namespace duet
