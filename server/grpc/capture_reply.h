// Catches the reply of a command for a typed RPC: one scalar, straight into the response's field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/api/reply_writer.h"

namespace duet::rpc {

// Base of what bindings read replies with: kinds that a binding does not expect are dropped, and
// the first error is kept.
// Thread-compatible.
class TypedReply : public ReplyWriter {
 public:
  const std::optional<duet::Error>& error() const { return error_; }

  void SimpleString(std::string_view) override {}
  void Integer(int64_t) override {}
  void Bulk(std::string_view) override {}
  void Null() override {}
  void Double(double) override {}
  void Boolean(bool) override {}
  void BigNumber(std::string_view) override {}
  void Verbatim(std::string_view, std::string_view) override {}
  void Array(size_t) override {}
  void Map(size_t) override {}
  void Set(size_t) override {}
  void Push(size_t) override {}
  void NullArray() override { Null(); }

 protected:
  void WriteError(const duet::Error& error) override {
    if (!error_) error_ = error;
  }

 private:
  std::optional<duet::Error> error_;
};

// A scalar: bytes go into `bytes` (one copy of the value), integers are kept.
class CaptureReply final : public TypedReply {
 public:
  // `bytes` outlives the reply; null where the command gives none.
  explicit CaptureReply(std::string* bytes = nullptr) : bytes_(bytes) {}

  bool null() const { return null_; }           // a missing value
  int64_t integer() const { return integer_; }  // 0 where the reply was none

  void Integer(int64_t value) override { integer_ = value; }
  void Bulk(std::string_view bytes) override {
    if (bytes_ != nullptr) bytes_->assign(bytes);
  }
  void Null() override { null_ = true; }

 private:
  std::string* const bytes_;
  bool null_ = false;
  int64_t integer_ = 0;
};

}  // namespace duet::rpc
