#include "server/grpc/reply_builder.h"

#include <string>

#include "server/base/utf8.h"
#include "server/grpc/status.h"

namespace duet::rpc {

void ReplyBuilder::Start(Values* values, size_t max_bytes) {
  values_ = values;
  bytes_ = 0;
  max_bytes_ = max_bytes;
  open_.clear();
}

v1::RespValue& ReplyBuilder::Next(size_t payload_bytes) {
  bytes_ += payload_bytes + kLeastValueBytes;
  if (open_.empty()) [[likely]]
    return *values_->Add();
  Open& open = open_.back();
  v1::RespValue* value;
  if (overflowed()) {
    value = &dropped_;
  } else if (open.list != nullptr) {
    value = open.list->add_values();
  } else if (open.left % 2 == 0) {
    value = open.map->add_entries()->mutable_key();
  } else {
    value = open.map->mutable_entries(open.map->entries_size() - 1)->mutable_value();
  }
  // A full aggregate is closed before its last element is filled: an aggregate that is itself the
  // last element opens on top of what is left.
  if (--open.left == 0) open_.pop_back();
  return *value;
}

void ReplyBuilder::OpenList(v1::RespArray* list, size_t count) {
  if (count != 0) open_.push_back({list, nullptr, count});
}

void ReplyBuilder::SimpleString(std::string_view text) {
  Next(text.size()).set_simple_string(PrintableUtf8(text));
}

void ReplyBuilder::Integer(int64_t value) { Next(0).set_integer(value); }

void ReplyBuilder::Bulk(std::string_view bytes) {
  v1::RespValue& value = Next(bytes.size());
  if (!overflowed()) value.set_bulk(bytes.data(), bytes.size());
}

void ReplyBuilder::Null() { Next(0).set_null(google::protobuf::NULL_VALUE); }

void ReplyBuilder::Double(double value) { Next(0).set_double_(value); }

void ReplyBuilder::Boolean(bool value) { Next(0).set_boolean(value); }

void ReplyBuilder::BigNumber(std::string_view digits) {
  Next(digits.size()).set_big_number(digits.data(), digits.size());
}

void ReplyBuilder::Verbatim(std::string_view format, std::string_view text) {
  v1::RespVerbatim& verbatim = *Next(format.size() + text.size()).mutable_verbatim();
  verbatim.set_format(PrintableUtf8(format));
  verbatim.set_text(text.data(), text.size());
}

void ReplyBuilder::Array(size_t count) { OpenList(Next(0).mutable_array(), count); }

void ReplyBuilder::Set(size_t count) { OpenList(Next(0).mutable_set(), count); }

void ReplyBuilder::Push(size_t count) { OpenList(Next(0).mutable_push(), count); }

void ReplyBuilder::Map(size_t pairs) {
  v1::RespMap* map = Next(0).mutable_map();
  if (pairs != 0) open_.push_back({nullptr, map, 2 * pairs});
}

void ReplyBuilder::NullArray() { Null(); }

void ReplyBuilder::WriteError(const duet::Error& error) {
  v1::RespError& to = *Next(error.text.size()).mutable_error();
  to.set_text(PrintableUtf8(error.text));
  to.set_code(static_cast<int>(StatusCodeOf(error.code)));
}

}  // namespace duet::rpc
