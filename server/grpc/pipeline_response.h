// A PipelineResponse, written straight as bytes: one copy of each value, no message object.
//
// Scalars, which nearly all replies are, are written as they come. The length of an aggregate
// stands in front of it and is not known before its end, so that a ReplyBuilder collects it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "grpcpp/support/byte_buffer.h"

#include "server/api/reply_writer.h"
#include "server/grpc/reply_builder.h"

namespace duet::rpc {

// Thread-compatible. Used for one response after the other.
class PipelineResponseWriter final : public ReplyWriter {
 public:
  // Begins a response of at most `max_bytes`.
  void Start(uint64_t id, size_t max_bytes);
  size_t bytes() const { return out_.size(); }
  // Was the last reply dropped, since the response has no room for it?
  bool overflowed() const { return overflowed_; }
  // Replaces the last reply, finished or not, by an error.
  void ReplaceLast(const duet::Error& error);
  // Ends the response: `more` says whether others with this id follow.
  void Finish(bool more);
  const std::string& wire() const { return out_; }
  // Its bytes, copied into `message`.
  void CopyTo(::grpc::ByteBuffer* message) const;

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
  void NullArray() override { Null(); }

 protected:
  void WriteError(const duet::Error& error) override;

 private:
  // Hands the call to the tree while it has an aggregate open, or if `opens` one; false: the caller
  // writes the value.
  template <typename Write>
  bool IntoTree(bool opens, Write write);
  void AppendTree();
  bool HasRoom(size_t bytes);
  // A value of one field of bytes, and one of one varint.
  void AppendBytesValue(int field, std::string_view bytes);
  void AppendVarintValue(int field, uint64_t value);

  std::string out_;
  size_t max_bytes_ = 0;
  size_t last_ = 0;  // where the last reply begins
  bool overflowed_ = false;
  bool in_tree_ = false;
  ReplyBuilder tree_;
  ReplyBuilder::Values tree_values_;
};

}  // namespace duet::rpc
