#include "server/grpc/bindings.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"

#include "server/base/hash.h"
#include "server/base/numbers.h"
#include "server/grpc/capture_reply.h"
#include "server/grpc/reply_builder.h"
#include "server/grpc/status.h"
#include "server/grpc/validation.h"

namespace duet::rpc {

using ::grpc::Status;

Status BindingContext::UseDatabase(uint32_t database) {
  session.database = static_cast<int>(database);
  return CheckDatabase(database, databases);
}

namespace {

using Arguments = absl::InlinedVector<std::string_view, 8>;

Status Outcome(const TypedReply& reply) {
  return reply.error() ? ToStatus(*reply.error()) : Status();
}

// As the DIGEST command prints it.
std::string Digest(std::string_view value) {
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "%016llx",
                static_cast<unsigned long long>(HashBytes(value, 0)));
  return std::string(text.data(), 16);
}

Status CheckPlace(BindingContext& context, uint32_t database, std::string_view key) {
  if (Status status = context.UseDatabase(database); !status.ok()) return status;
  return CheckKey(context.limits, "key", key);
}

// SET's words for the expiration; `ms` holds the number's digits.
Status AddExpiration(const v1::SetRequest& request, DecimalArg& ms, Arguments& args) {
  switch (request.expiration_case()) {
    case v1::SetRequest::kTtl:
      if (Status status = CheckTtl(request.ttl(), ms); !status.ok()) return status;
      args.insert(args.end(), {"PX", ms.text()});
      break;
    case v1::SetRequest::kExpireTime:
      if (Status status = CheckExpireTime(request.expire_time(), ms); !status.ok()) return status;
      args.insert(args.end(), {"PXAT", ms.text()});
      break;
    case v1::SetRequest::kKeepTtl:
      if (request.keep_ttl()) args.push_back("KEEPTTL");
      break;
    case v1::SetRequest::EXPIRATION_NOT_SET:
      break;
  }
  return Status();
}

// SET's words for the condition.
Status AddCondition(const v1::SetRequest& request, Arguments& args) {
  switch (request.condition_case()) {
    case v1::SetRequest::kIfAbsent:
      if (request.if_absent()) args.push_back("NX");
      break;
    case v1::SetRequest::kIfPresent:
      if (request.if_present()) args.push_back("XX");
      break;
    case v1::SetRequest::kIfValueEquals:
      args.insert(args.end(), {"IFEQ", request.if_value_equals()});
      break;
    case v1::SetRequest::kIfValueDiffers:
      args.insert(args.end(), {"IFNE", request.if_value_differs()});
      break;
    case v1::SetRequest::kIfDigestEquals:
      args.insert(args.end(), {"IFDEQ", request.if_digest_equals()});
      return CheckDigest("if_digest_equals", request.if_digest_equals());
    case v1::SetRequest::kIfDigestDiffers:
      args.insert(args.end(), {"IFDNE", request.if_digest_differs()});
      return CheckDigest("if_digest_differs", request.if_digest_differs());
    case v1::SetRequest::CONDITION_NOT_SET:
      break;
  }
  return Status();
}

// Did the condition hold, given the value before? SET with GET replies with that value and not with
// whether it wrote. `previous` is null for a missing key.
bool ConditionHeld(const v1::SetRequest& request, const std::string* previous) {
  switch (request.condition_case()) {
    case v1::SetRequest::kIfAbsent:
      return !request.if_absent() || previous == nullptr;
    case v1::SetRequest::kIfPresent:
      return !request.if_present() || previous != nullptr;
    case v1::SetRequest::kIfValueEquals:
      return previous != nullptr && *previous == request.if_value_equals();
    case v1::SetRequest::kIfValueDiffers:
      return previous == nullptr || *previous != request.if_value_differs();
    case v1::SetRequest::kIfDigestEquals:
      return previous != nullptr && EqualsIgnoreCase(Digest(*previous), request.if_digest_equals());
    case v1::SetRequest::kIfDigestDiffers:
      return previous == nullptr ||
             !EqualsIgnoreCase(Digest(*previous), request.if_digest_differs());
    case v1::SetRequest::CONDITION_NOT_SET:
      return true;
  }
  return true;
}

// PEXPIRE's word for a condition; empty: none.
std::optional<std::string_view> ConditionWord(v1::ExpireCondition condition) {
  switch (condition) {
    case v1::EXPIRE_CONDITION_UNSPECIFIED:
      return "";
    case v1::EXPIRE_CONDITION_IF_NO_EXPIRY:
      return "NX";
    case v1::EXPIRE_CONDITION_IF_EXPIRY:
      return "XX";
    case v1::EXPIRE_CONDITION_IF_LATER:
      return "GT";
    case v1::EXPIRE_CONDITION_IF_SOONER:
      return "LT";
    default:
      return std::nullopt;  // proto3 enums are open
  }
}

// The command that an Expire asks for.
Status ExpireArguments(const v1::ExpireRequest& request, DecimalArg& ms, Arguments& args) {
  const std::optional<std::string_view> condition = ConditionWord(request.condition());
  if (!condition) return InvalidField("condition", "is not a value of ExpireCondition");
  switch (request.expiration_case()) {
    case v1::ExpireRequest::kTtl:
      if (Status status = CheckTtl(request.ttl(), ms); !status.ok()) return status;
      args = {"PEXPIRE", request.key(), ms.text()};
      break;
    case v1::ExpireRequest::kExpireTime:
      if (Status status = CheckExpireTime(request.expire_time(), ms); !status.ok()) return status;
      args = {"PEXPIREAT", request.key(), ms.text()};
      break;
    case v1::ExpireRequest::kPersist:
      if (!request.persist()) return InvalidField("persist", "must be true where it is set");
      if (!condition->empty()) return InvalidField("condition", "must not go with persist");
      args = {"PERSIST", request.key()};
      break;
    case v1::ExpireRequest::EXPIRATION_NOT_SET:
      return InvalidField("expiration", "one of expire_time, ttl and persist must be set");
  }
  if (!condition->empty()) args.push_back(*condition);
  return Status();
}

Status IncrementFloating(BindingContext& context, const v1::IncrementRequest& request,
                         v1::IncrementResponse& response) {
  if (!std::isfinite(request.floating())) return InvalidField("floating", "must be finite");
  const std::string delta = FormatDouble(request.floating());
  std::string text;
  CaptureReply reply(&text);
  context.Run(std::array<std::string_view, 3>{"INCRBYFLOAT", request.key(), delta}, reply);
  if (reply.error()) return ToStatus(*reply.error());
  // INCRBYFLOAT counts in long double: a sum that is beyond the range of a double is infinite here,
  // as the API says, and it has been stored, so an error would be wrong.
  response.set_floating(static_cast<double>(ParseLongDouble(text).value()));
  return Status();
}

}  // namespace

Status Get(BindingContext& context, const v1::GetRequest& request, v1::GetResponse& response) {
  if (Status status = CheckPlace(context, request.database(), request.key()); !status.ok()) {
    return status;
  }
  CaptureReply reply(response.mutable_value());
  context.Run(std::array<std::string_view, 2>{"GET", request.key()}, reply);
  if (reply.error()) return ToStatus(*reply.error());
  response.set_found(!reply.null());
  if (request.return_digest() && !reply.null()) response.set_digest(Digest(response.value()));
  return Status();
}

Status Set(BindingContext& context, const v1::SetRequest& request, v1::SetResponse& response) {
  Status status = CheckPlace(context, request.database(), request.key());
  if (status.ok()) status = CheckValue(context.limits, "value", request.value());
  DecimalArg ms;
  Arguments args = {"SET", request.key(), request.value()};
  if (status.ok()) status = AddExpiration(request, ms, args);
  if (status.ok()) status = AddCondition(request, args);
  if (!status.ok()) return status;
  if (!request.return_previous()) {
    CaptureReply reply;
    context.Run(args, reply);
    response.set_applied(!reply.null());
    return Outcome(reply);
  }
  args.push_back("GET");
  CaptureReply reply(response.mutable_previous());
  context.Run(args, reply);
  response.set_previous_found(!reply.null());
  response.set_applied(ConditionHeld(request, reply.null() ? nullptr : &response.previous()));
  return Outcome(reply);
}

Status Expire(BindingContext& context, const v1::ExpireRequest& request,
              v1::ExpireResponse& response) {
  Status status = CheckPlace(context, request.database(), request.key());
  DecimalArg ms;
  Arguments args;
  if (status.ok()) status = ExpireArguments(request, ms, args);
  if (!status.ok()) return status;
  CaptureReply reply;
  context.Run(args, reply);
  response.set_applied(reply.integer() == 1);
  return Outcome(reply);
}

Status GetTtl(BindingContext& context, const v1::GetTtlRequest& request,
              v1::GetTtlResponse& response) {
  if (Status status = CheckPlace(context, request.database(), request.key()); !status.ok()) {
    return status;
  }
  CaptureReply reply;
  context.Run(std::array<std::string_view, 2>{"PTTL", request.key()}, reply);
  const int64_t ms = reply.integer();  // -2: no key, -1: no expiry
  response.set_found(ms != -2);
  if (!reply.error() && ms >= 0) {
    response.mutable_ttl()->set_seconds(ms / 1000);
    response.mutable_ttl()->set_nanos(static_cast<int32_t>(ms % 1000) * 1'000'000);
  }
  return Outcome(reply);
}

Status Increment(BindingContext& context, const v1::IncrementRequest& request,
                 v1::IncrementResponse& response) {
  if (Status status = CheckPlace(context, request.database(), request.key()); !status.ok()) {
    return status;
  }
  if (request.has_floating()) return IncrementFloating(context, request, response);
  DecimalArg delta;
  delta.Set(request.has_integer() ? request.integer() : 1);
  CaptureReply reply;
  context.Run(std::array<std::string_view, 3>{"INCRBY", request.key(), delta.text()}, reply);
  response.set_integer(reply.integer());
  return Outcome(reply);
}

Status Append(BindingContext& context, const v1::AppendRequest& request,
              v1::AppendResponse& response) {
  Status status = CheckPlace(context, request.database(), request.key());
  if (status.ok()) status = CheckValue(context.limits, "value", request.value());
  if (!status.ok()) return status;
  CaptureReply reply;
  context.Run(std::array<std::string_view, 3>{"APPEND", request.key(), request.value()}, reply);
  response.set_length(static_cast<uint64_t>(reply.integer()));
  return Outcome(reply);
}

Status Execute(BindingContext& context, const v1::ExecuteRequest& request,
               v1::ExecuteResponse& response) {
  Status status = context.UseDatabase(request.database());
  if (status.ok()) status = CheckCount(context.limits, "args", request.args_size(), 1);
  if (!status.ok()) return status;
  Arguments args(request.args().begin(), request.args().end());
  ReplyBuilder::Values values;
  ReplyBuilder reply;
  reply.Start(&values, context.limits.grpc_max_message_bytes);
  context.Run(args, reply);
  if (reply.overflowed()) return ResponseTooLong(context.limits);
  if (values.empty()) return Status();
  const v1::RespValue& value = values[0];
  if (value.has_error()) {
    return {static_cast<::grpc::StatusCode>(value.error().code()), value.error().text()};
  }
  response.mutable_value()->Swap(values.Mutable(0));
  return Status();
}

}  // namespace duet::rpc
