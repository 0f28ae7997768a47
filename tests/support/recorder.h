// A ReplyWriter that keeps the reply as RESP bytes, for tests that run commands in-process. Its
// encoding is written independently of server/resp's, so that each checks the other.
//
// Thread-compatible.
#pragma once

#include <string>
#include <string_view>

#include "server/api/reply_writer.h"
#include "server/commands/session.h"

namespace duet::testing {

class ReplyRecorder final : public ReplyWriter {
 public:
  // Writes RESP2 or RESP3 as session.protocol says at each reply.
  explicit ReplyRecorder(const commands::Session& session) : session_(session) {}

  const std::string& bytes() const { return bytes_; }
  std::string Take();

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
  bool Attribute(size_t pairs) override;

 private:
  void WriteError(const duet::Error& error) override;
  void Line(char type, std::string_view text);
  void Header(char type, size_t count);
  bool resp3() const { return session_.protocol >= 3; }

  const commands::Session& session_;
  std::string bytes_;
};

}  // namespace duet::testing
