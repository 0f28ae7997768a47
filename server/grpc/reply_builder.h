// Builds the RespValue messages of replies, for the RPCs that reach every command.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/container/inlined_vector.h"

#include "duet/v1/resp_value.pb.h"
#include "server/api/reply_writer.h"

namespace duet::rpc {

// Appends one RespValue a reply to a list that the caller owns, aggregates filled as their elements
// come in. A RESP3 reader's kinds are kept (map, set, double, ...).
// Thread-compatible.
class ReplyBuilder final : public ReplyWriter {
 public:
  using Values = google::protobuf::RepeatedPtrField<v1::RespValue>;

  // Replies go behind the values of `values`, which must live until the next Start.
  void Start(Values* values);

  // About how many bytes the replies since Start take in a message; never less than they do, as
  // long as aggregates nest no deeper than Redis' (each value is counted with kValueOverhead).
  size_t bytes() const { return bytes_; }
  // Did the last reply announce more elements than were written?
  bool unfinished() const { return !open_.empty(); }
  // Replaces the last reply by an error, e.g. where it does not fit into a message.
  void ReplaceLast(const duet::Error& error);

  void SimpleString(std::string_view text) override;
  void Integer(int64_t value) override;
  void Bulk(std::string_view bytes) override;
  void Null() override;
  void Double(double value) override;
  void Boolean(bool value) override;
  void BigNumber(std::string_view digits) override;
  void Verbatim(std::string_view format, std::string_view text) override;
  void Array(size_t count) override;
  void Map(size_t pairs) override;
  void Set(size_t count) override;
  void Push(size_t count) override;
  void NullArray() override;

  // Tags and lengths of a value, of the oneof in it and of a map entry around it.
  static constexpr size_t kValueOverhead = 24;

 protected:
  void WriteError(const duet::Error& error) override;

 private:
  // An aggregate that waits for elements: a list, or a map (then values alternate with keys).
  struct Open {
    v1::RespArray* list;
    v1::RespMap* map;
    size_t left;  // values still to come
  };

  // Where the next value goes.
  v1::RespValue& Next(size_t payload_bytes);
  void OpenList(v1::RespArray* list, size_t count);
  static void Fill(v1::RespValue& value, const duet::Error& error);

  Values* values_ = nullptr;
  size_t bytes_ = 0;
  absl::InlinedVector<Open, 4> open_;
};

}  // namespace duet::rpc
