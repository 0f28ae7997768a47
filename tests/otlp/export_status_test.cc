#include "server/otlp/export_status.h"

#include <gtest/gtest.h>
#include <string>

#include "duet/otlp/v1/retry_info.pb.h"

namespace duet::otlp {
namespace {

using ::grpc::Status;
using ::grpc::StatusCode;
using Outcome = tracing::ExportResult::Outcome;
using Response = ::opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;

Outcome OutcomeOf(StatusCode code) { return ResultOf(Status(code, "x"), Response()).outcome; }

std::string Details(int64_t seconds, int32_t nanos) {
  v1::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(seconds);
  info.mutable_retry_delay()->set_nanos(nanos);
  v1::CallStatus status;
  status.add_details()->set_type_url("type.googleapis.com/google.rpc.Help");
  v1::Detail& detail = *status.add_details();
  detail.set_type_url("type.googleapis.com/google.rpc.RetryInfo");
  detail.set_value(info.SerializeAsString());
  return status.SerializeAsString();
}

TEST(ExportStatusTest, AllOrSomeWereTaken) {
  EXPECT_EQ(OutcomeOf(StatusCode::OK), Outcome::kTaken);
  Response response;
  response.mutable_partial_success()->set_rejected_spans(3);
  response.mutable_partial_success()->set_error_message(std::string(1000, 'x'));
  const tracing::ExportResult result = ResultOf(Status(), response);
  EXPECT_EQ(result.outcome, Outcome::kTaken);
  EXPECT_EQ(result.rejected, 3u);
  EXPECT_EQ(result.reason.size(), 200u);
  response.mutable_partial_success()->set_rejected_spans(-3);
  EXPECT_EQ(ResultOf(Status(), response).rejected, 0u);
}

TEST(ExportStatusTest, SomeCodesMaySucceedLater) {
  for (const StatusCode code :
       {StatusCode::CANCELLED, StatusCode::DEADLINE_EXCEEDED, StatusCode::ABORTED,
        StatusCode::OUT_OF_RANGE, StatusCode::UNAVAILABLE, StatusCode::DATA_LOSS}) {
    EXPECT_EQ(OutcomeOf(code), Outcome::kAgain) << code;
  }
  for (const StatusCode code :
       {StatusCode::UNKNOWN, StatusCode::INVALID_ARGUMENT, StatusCode::NOT_FOUND,
        StatusCode::ALREADY_EXISTS, StatusCode::PERMISSION_DENIED, StatusCode::UNAUTHENTICATED,
        StatusCode::RESOURCE_EXHAUSTED, StatusCode::FAILED_PRECONDITION, StatusCode::UNIMPLEMENTED,
        StatusCode::INTERNAL}) {
    EXPECT_EQ(OutcomeOf(code), Outcome::kRefused) << code;
  }
}

TEST(ExportStatusTest, ReadsWhenToComeBack) {
  const Status throttled(StatusCode::RESOURCE_EXHAUSTED, "slow down", Details(2, 500'000'000));
  const tracing::ExportResult result = ResultOf(throttled, Response());
  EXPECT_EQ(result.outcome, Outcome::kAgain);
  EXPECT_EQ(result.retry_after, absl::Milliseconds(2500));
  const Status garbage(StatusCode::UNAVAILABLE, "x", "\xFF\xFF\xFF");
  EXPECT_EQ(ResultOf(garbage, Response()).outcome, Outcome::kAgain);
  EXPECT_EQ(ResultOf(garbage, Response()).retry_after, std::nullopt);
}

}  // namespace
}  // namespace duet::otlp
