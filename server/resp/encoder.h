// Replies as RESP2 or RESP3 bytes, and commands as a client sends them. Source: the Redis
// serialization protocol specification; what RESP2 gets in place of a RESP3 type is what Redis 7
// sends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/api/argv.h"
#include "server/api/reply_writer.h"
#include "server/base/relaxed.h"
#include "server/resp/output_buffer.h"

namespace duet::resp {

// Appends replies to a buffer. Worker-bound, as the buffer is; cheap to construct.
class RespWriter final : public ReplyWriter {
 public:
  // Neither is owned. *protocol, 2 or 3, is read at each value: HELLO changes it before it
  // replies.
  RespWriter(OutputBuffer& out, const Relaxed<int>* protocol) : out_(&out), protocol_(protocol) {}

  // Line feeds and carriage returns in simple strings, errors and big numbers become spaces.
  void SimpleString(std::string_view text) override;
  void Integer(int64_t value) override;
  void Bulk(std::string_view bytes) override;
  void Null() override;
  void Double(double value) override;
  void Boolean(bool value) override;
  void BigNumber(std::string_view digits) override;
  // `format` has three characters.
  void Verbatim(std::string_view format, std::string_view text) override;
  void Array(size_t count) override;
  void Map(size_t pairs) override;
  void Set(size_t count) override;
  void Push(size_t count) override;
  void NullArray() override;
  bool Attribute(size_t pairs) override;
  void BulkInteger(int64_t value) override;

  // From now on replies go to `out`.
  void set_output(OutputBuffer& out) { out_ = &out; }

 protected:
  void WriteError(const duet::Error& error) override;

 private:
  bool resp3() const { return *protocol_ >= 3; }

  OutputBuffer* out_;
  const Relaxed<int>* protocol_;
};

// Appends `argv` as an array of bulk strings: what RequestParser reads.
void AppendCommand(Argv argv, OutputBuffer& out);

}  // namespace duet::resp
