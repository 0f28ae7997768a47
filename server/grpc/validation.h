// What a request's fields must look like before they become arguments. Every refusal is
// INVALID_ARGUMENT with the field's name in front.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "google/protobuf/duration.pb.h"
#include "google/protobuf/repeated_field.h"
#include "google/protobuf/timestamp.pb.h"
#include "grpcpp/support/status.h"

#include "server/base/limits.h"
#include "server/base/numbers.h"

namespace duet::rpc {

using Keys = google::protobuf::RepeatedPtrField<std::string>;

// A number as an argument; lives as long as the call that uses its text.
class DecimalArg {
 public:
  void Set(int64_t value) { size_ = FormatInt64(value, digits_); }
  std::string_view text() const { return {digits_, size_}; }

 private:
  char digits_[20];
  size_t size_ = 0;
};

::grpc::Status CheckDatabase(uint32_t database, uint32_t databases);
::grpc::Status CheckKey(const Limits& limits, std::string_view field, std::string_view key);
::grpc::Status CheckValue(const Limits& limits, std::string_view field, std::string_view value);
// At least one key, no more than a command may have arguments, each within the limit.
::grpc::Status CheckKeys(const Limits& limits, const Keys& keys);
// "keys: must not be empty" and "keys: at most N"; `per_item` arguments each.
::grpc::Status CheckCount(const Limits& limits, std::string_view field, int count, int per_item);
::grpc::Status CheckDigest(std::string_view field, std::string_view digest);

// Greater than 0 and within protobuf's range; milliseconds, rounded up.
::grpc::Status CheckTtl(const google::protobuf::Duration& ttl, DecimalArg& ms);
// After 1970 and within protobuf's range; milliseconds since then, rounded up.
::grpc::Status CheckExpireTime(const google::protobuf::Timestamp& time, DecimalArg& ms);

}  // namespace duet::rpc
