#include "server/grpc/pipeline_response.h"

#include "grpcpp/support/slice.h"

#include "duet/v1/key_value_service.pb.h"
#include "server/base/check.h"
#include "server/base/utf8.h"
#include "server/grpc/wire.h"

namespace duet::rpc {
namespace {

using v1::PipelineResponse;
using v1::RespValue;

constexpr uint32_t kIdTag = WireTag(PipelineResponse::kIdFieldNumber, WireType::kVarint);
constexpr uint32_t kValuesTag = WireTag(PipelineResponse::kValuesFieldNumber, WireType::kBytes);
constexpr uint32_t kMoreTag = WireTag(PipelineResponse::kMoreFieldNumber, WireType::kVarint);
// Every tag of RespValue takes one byte.
static_assert(WireTag(RespValue::kPushFieldNumber, WireType::kBytes) < 0x80);

// A response of more bytes gives its memory back before the next one.
constexpr size_t kKeepBytes = 2 << 20;

bool IsPlainAscii(std::string_view text) {
  for (const char c : text) {
    if (c < 0x20 || c > 0x7E) return false;
  }
  return true;
}

}  // namespace

void PipelineResponseWriter::Start(uint64_t id, size_t max_bytes) {
  max_bytes_ = max_bytes;
  overflowed_ = false;
  if (out_.capacity() > kKeepBytes) out_ = std::string();
  out_.clear();
  in_tree_ = false;
  if (id != 0) {
    AppendVarint(out_, kIdTag);
    AppendVarint(out_, id);
  }
  last_ = out_.size();
}

void PipelineResponseWriter::Finish(bool more) {
  if (!more) return;
  AppendVarint(out_, kMoreTag);
  AppendVarint(out_, 1);
}

void PipelineResponseWriter::CopyTo(::grpc::ByteBuffer* message) const {
  const ::grpc::Slice slice(out_.data(), out_.size());
  *message = ::grpc::ByteBuffer(&slice, 1);
}

void PipelineResponseWriter::ReplaceLast(const duet::Error& error) {
  out_.resize(last_);
  in_tree_ = false;
  overflowed_ = false;
  WriteError(error);
}

// Notes a reply that is too long for what is left of the response.
bool PipelineResponseWriter::HasRoom(size_t bytes) {
  overflowed_ |= out_.size() + bytes > max_bytes_;
  return !overflowed_;
}

// Headers are put together apart and appended at once: a call of std::string::append per byte cost
// more than the command.
void PipelineResponseWriter::AppendBytesValue(int field, std::string_view bytes) {
  last_ = out_.size();
  char header[4 * kMaxVarintBytes];
  char* to = PutVarint(header, kValuesTag);
  to = PutVarint(to, 1 + VarintSize(bytes.size()) + bytes.size());
  to = PutVarint(to, WireTag(field, WireType::kBytes));
  to = PutVarint(to, bytes.size());
  if (!HasRoom(static_cast<size_t>(to - header) + bytes.size())) return;
  out_.append(header, static_cast<size_t>(to - header));
  out_.append(bytes);
}

void PipelineResponseWriter::AppendVarintValue(int field, uint64_t value) {
  last_ = out_.size();
  char bytes[4 * kMaxVarintBytes];
  char* to = PutVarint(bytes, kValuesTag);
  to = PutVarint(to, 1 + VarintSize(value));
  to = PutVarint(to, WireTag(field, WireType::kVarint));
  to = PutVarint(to, value);
  out_.append(bytes, static_cast<size_t>(to - bytes));
}

void PipelineResponseWriter::AppendTree() {
  in_tree_ = false;
  last_ = out_.size();
  const size_t bytes = tree_values_[0].ByteSizeLong();
  overflowed_ |= tree_.overflowed();
  if (!HasRoom(1 + VarintSize(bytes) + bytes)) return;
  AppendVarint(out_, kValuesTag);
  AppendVarint(out_, bytes);
  DUET_CHECK(tree_values_[0].AppendToString(&out_), "a reply with a required field, or above 2 GB");
}

template <typename Write>
bool PipelineResponseWriter::IntoTree(bool opens, Write write) {
  if (!in_tree_ && !opens) [[likely]]
    return false;
  if (!in_tree_) {
    tree_values_.Clear();
    tree_.Start(&tree_values_, max_bytes_);
    in_tree_ = true;
  }
  write(tree_);
  if (!tree_.unfinished()) AppendTree();
  return true;
}

void PipelineResponseWriter::SimpleString(std::string_view text) {
  if (IntoTree(false, [&](ReplyWriter& tree) { tree.SimpleString(text); })) return;
  if (IsPlainAscii(text)) [[likely]] {
    AppendBytesValue(RespValue::kSimpleStringFieldNumber, text);
  } else {
    AppendBytesValue(RespValue::kSimpleStringFieldNumber, PrintableUtf8(text));
  }
}

void PipelineResponseWriter::Integer(int64_t value) {
  if (IntoTree(false, [&](ReplyWriter& tree) { tree.Integer(value); })) return;
  AppendVarintValue(RespValue::kIntegerFieldNumber, static_cast<uint64_t>(value));
}

void PipelineResponseWriter::Bulk(std::string_view bytes) {
  if (IntoTree(false, [&](ReplyWriter& tree) { tree.Bulk(bytes); })) return;
  AppendBytesValue(RespValue::kBulkFieldNumber, bytes);
}

void PipelineResponseWriter::Null() {
  if (IntoTree(false, [](ReplyWriter& tree) { tree.Null(); })) return;
  AppendVarintValue(RespValue::kNullFieldNumber, google::protobuf::NULL_VALUE);
}

void PipelineResponseWriter::Boolean(bool value) {
  if (IntoTree(false, [&](ReplyWriter& tree) { tree.Boolean(value); })) return;
  AppendVarintValue(RespValue::kBooleanFieldNumber, value ? 1 : 0);
}

void PipelineResponseWriter::BigNumber(std::string_view digits) {
  if (IntoTree(false, [&](ReplyWriter& tree) { tree.BigNumber(digits); })) return;
  AppendBytesValue(RespValue::kBigNumberFieldNumber, digits);
}

// The rest is rare: the tree writes it, be it an aggregate or not.
void PipelineResponseWriter::Double(double value) {
  IntoTree(true, [&](ReplyWriter& tree) { tree.Double(value); });
}

void PipelineResponseWriter::Verbatim(std::string_view format, std::string_view text) {
  IntoTree(true, [&](ReplyWriter& tree) { tree.Verbatim(format, text); });
}

void PipelineResponseWriter::Array(size_t count) {
  IntoTree(true, [&](ReplyWriter& tree) { tree.Array(count); });
}

void PipelineResponseWriter::Map(size_t pairs) {
  IntoTree(true, [&](ReplyWriter& tree) { tree.Map(pairs); });
}

void PipelineResponseWriter::Set(size_t count) {
  IntoTree(true, [&](ReplyWriter& tree) { tree.Set(count); });
}

void PipelineResponseWriter::Push(size_t count) {
  IntoTree(true, [&](ReplyWriter& tree) { tree.Push(count); });
}

void PipelineResponseWriter::WriteError(const duet::Error& error) {
  IntoTree(true, [&](ReplyWriter& tree) { tree.Error(error); });
}

}  // namespace duet::rpc
