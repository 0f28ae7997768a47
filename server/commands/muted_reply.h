// CLIENT REPLY OFF and SKIP: what a client has asked not to hear.
//
// While the session does not want replies, what a handler writes is dropped; CLIENT REPLY ON takes
// effect with its own reply. A push is no reply and goes through, with its elements.
//
// Thread-compatible: lives on the dispatcher's stack for one command.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/api/reply_writer.h"
#include "server/commands/session.h"

namespace duet::commands {

// Does the session get no reply to the command that comes next, or that runs?
inline bool IsMuted(const Session& session) {
  return (session.modes & (kRepliesOff | kSkipNextReply | kSkipsReply)) != 0;
}

class MutedReply final : public ReplyWriter {
 public:
  // Both outlive it.
  MutedReply(ReplyWriter& to, const Session& session) : to_(to), session_(session) {}

  void SimpleString(std::string_view text) override {
    if (passes()) to_.SimpleString(text);
  }
  void Integer(int64_t value) override {
    if (passes()) to_.Integer(value);
  }
  void Bulk(std::string_view bytes) override {
    if (passes()) to_.Bulk(bytes);
  }
  void Null() override {
    if (passes()) to_.Null();
  }
  void Double(double value) override {
    if (passes()) to_.Double(value);
  }
  void Boolean(bool value) override {
    if (passes()) to_.Boolean(value);
  }
  void BigNumber(std::string_view digits) override {
    if (passes()) to_.BigNumber(digits);
  }
  void Verbatim(std::string_view format, std::string_view text) override {
    if (passes()) to_.Verbatim(format, text);
  }
  void Array(size_t count) override {
    if (passes()) to_.Array(count);
  }
  void Map(size_t pairs) override {
    if (passes()) to_.Map(pairs);
  }
  void Set(size_t count) override {
    if (passes()) to_.Set(count);
  }
  void Push(size_t count) override {
    left_of_push_ = count;
    to_.Push(count);
  }
  void NullArray() override {
    if (passes()) to_.NullArray();
  }
  bool Attribute(size_t pairs) override { return passes() && to_.Attribute(pairs); }

 private:
  void WriteError(const duet::Error& error) override {
    if (passes()) to_.Error(error);
  }
  bool passes() {
    if (left_of_push_ == 0) return !IsMuted(session_);
    --left_of_push_;
    return true;
  }

  ReplyWriter& to_;
  const Session& session_;
  size_t left_of_push_ = 0;  // its elements, which are scalars, still to come
};

}  // namespace duet::commands
