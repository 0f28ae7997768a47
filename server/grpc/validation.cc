#include "server/grpc/validation.h"

#include "server/grpc/status.h"

namespace duet::rpc {
namespace {

using ::grpc::Status;

// Ranges of google/protobuf/duration.proto and timestamp.proto.
constexpr int64_t kMaxDurationSeconds = 315'576'000'000;
constexpr int64_t kMaxTimestampSeconds = 253'402'300'799;
constexpr int32_t kMaxNanos = 999'999'999;

int64_t MillisecondsUp(int64_t seconds, int32_t nanos) {
  return seconds * 1000 + (nanos + 999'999) / 1'000'000;
}

Status CheckLength(std::string_view field, size_t size, uint64_t limit) {
  if (size <= limit) [[likely]]
    return Status();
  return InvalidField(
      field, std::to_string(size) + " bytes; at most " + std::to_string(limit) + " are allowed");
}

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

Status CheckDatabase(uint32_t database, uint32_t databases) {
  if (database < databases) [[likely]]
    return Status();
  return InvalidField("database", "must lie between 0 and " + std::to_string(databases - 1));
}

Status CheckKey(const Limits& limits, std::string_view field, std::string_view key) {
  return CheckLength(field, key.size(), limits.max_key_bytes);
}

Status CheckValue(const Limits& limits, std::string_view field, std::string_view value) {
  return CheckLength(field, value.size(), limits.max_value_bytes);
}

Status CheckCount(const Limits& limits, std::string_view field, int count, int per_item) {
  if (count == 0) return InvalidField(field, "must not be empty");
  const int64_t most = (static_cast<int64_t>(limits.max_args) - 1) / per_item;
  if (count <= most) [[likely]]
    return Status();
  return InvalidField(
      field, std::to_string(count) + " elements; at most " + std::to_string(most) + " are allowed");
}

Status CheckKeys(const Limits& limits, const Keys& keys) {
  if (Status status = CheckCount(limits, "keys", keys.size(), 1); !status.ok()) return status;
  for (int i = 0; i < keys.size(); ++i) {
    if (keys[i].size() <= limits.max_key_bytes) [[likely]]
      continue;
    return CheckKey(limits, "keys[" + std::to_string(i) + "]", keys[i]);
  }
  return Status();
}

Status CheckDigest(std::string_view field, std::string_view digest) {
  bool good = digest.size() == 16;
  for (const char c : digest) good = good && IsHex(c);
  return good ? Status() : InvalidField(field, "must be 16 hexadecimal digits");
}

Status CheckTtl(const google::protobuf::Duration& ttl, DecimalArg& ms) {
  if (ttl.seconds() < 0 || ttl.nanos() < 0 || (ttl.seconds() == 0 && ttl.nanos() == 0)) {
    return InvalidField("ttl", "must be greater than 0");
  }
  if (ttl.seconds() > kMaxDurationSeconds || ttl.nanos() > kMaxNanos) {
    return InvalidField("ttl", "is not a valid google.protobuf.Duration");
  }
  ms.Set(MillisecondsUp(ttl.seconds(), ttl.nanos()));
  return Status();
}

Status CheckExpireTime(const google::protobuf::Timestamp& time, DecimalArg& ms) {
  if (time.seconds() < 0 || time.nanos() < 0 || (time.seconds() == 0 && time.nanos() == 0)) {
    return InvalidField("expire_time", "must lie after 1970-01-01T00:00:00Z");
  }
  if (time.seconds() > kMaxTimestampSeconds || time.nanos() > kMaxNanos) {
    return InvalidField("expire_time", "is not a valid google.protobuf.Timestamp");
  }
  ms.Set(MillisecondsUp(time.seconds(), time.nanos()));
  return Status();
}

}  // namespace duet::rpc
