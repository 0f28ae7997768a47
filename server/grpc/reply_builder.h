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

  // Replies go behind the values of `values`, which must live until the next Start. Once they
  // take more than `max_bytes` in a message for certain, what follows is dropped.
  void Start(Values* values, size_t max_bytes);

  // Was a part of the replies dropped? Those that are whole may be too long yet: the least that a
  // value may take is counted.
  bool overflowed() const { return bytes_ > max_bytes_; }
  // Did the last reply announce more elements than were written?
  bool unfinished() const { return !open_.empty(); }

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

 protected:
  void WriteError(const duet::Error& error) override;

 private:
  // Tags and lengths of a value and of the oneof in it.
  static constexpr size_t kLeastValueBytes = 4;

  // An aggregate that waits for elements: a list, or a map (then values alternate with keys).
  struct Open {
    v1::RespArray* list;
    v1::RespMap* map;
    size_t left;  // values still to come
  };

  // Where the next value goes. Bulks that are dropped are not copied either.
  v1::RespValue& Next(size_t payload_bytes);
  void OpenList(v1::RespArray* list, size_t count);

  Values* values_ = nullptr;
  size_t bytes_ = 0;
  size_t max_bytes_ = 0;
  v1::RespValue dropped_;
  absl::InlinedVector<Open, 4> open_;
};

}  // namespace duet::rpc
