#include "server/otlp/export_status.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "duet/otlp/v1/retry_info.pb.h"

namespace duet::otlp {
namespace {

using tracing::ExportResult;

// Of what the collector says, as much as a log line should have.
constexpr size_t kReasonBytes = 200;

std::string Shortened(std::string_view text) { return std::string(text.substr(0, kReasonBytes)); }

bool MaySucceedLater(::grpc::StatusCode code) {
  switch (code) {
    case ::grpc::StatusCode::CANCELLED:
    case ::grpc::StatusCode::DEADLINE_EXCEEDED:
    case ::grpc::StatusCode::ABORTED:
    case ::grpc::StatusCode::OUT_OF_RANGE:
    case ::grpc::StatusCode::UNAVAILABLE:
    case ::grpc::StatusCode::DATA_LOSS:
      return true;
    default:
      return false;
  }
}

// google.rpc.RetryInfo among the status' details.
std::optional<absl::Duration> RetryDelayOf(const ::grpc::Status& status) {
  v1::CallStatus details;
  if (!details.ParseFromString(status.error_details())) return std::nullopt;
  for (const v1::Detail& detail : details.details()) {
    v1::RetryInfo info;
    if (detail.type_url() != "type.googleapis.com/google.rpc.RetryInfo") continue;
    if (!info.ParseFromString(detail.value())) continue;
    return absl::Seconds(info.retry_delay().seconds()) +
           absl::Nanoseconds(info.retry_delay().nanos());
  }
  return std::nullopt;
}

}  // namespace

ExportResult ResultOf(
    const ::grpc::Status& status,
    const ::opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse& response) {
  ExportResult result;
  if (status.ok()) {
    result.rejected =
        static_cast<uint64_t>(std::max<int64_t>(response.partial_success().rejected_spans(), 0));
    result.reason = Shortened(response.partial_success().error_message());
    return result;
  }
  result.retry_after = RetryDelayOf(status);
  const bool throttled =
      status.error_code() == ::grpc::StatusCode::RESOURCE_EXHAUSTED && result.retry_after;
  const bool later = throttled || MaySucceedLater(status.error_code());
  result.outcome = later ? ExportResult::Outcome::kAgain : ExportResult::Outcome::kRefused;
  result.reason = absl::StrCat("status ", static_cast<int>(status.error_code()), ": ",
                               Shortened(status.error_message()));
  return result;
}

}  // namespace duet::otlp
