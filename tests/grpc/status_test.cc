#include "server/grpc/status.h"

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace duet::rpc {
namespace {

using ::grpc::StatusCode;

// Every code there is, in the order of the enumeration.
const std::vector<std::pair<ErrorCode, StatusCode>> kTable = {
    {ErrorCode::kGeneric, StatusCode::UNKNOWN},
    {ErrorCode::kSyntax, StatusCode::INVALID_ARGUMENT},
    {ErrorCode::kOutOfRange, StatusCode::OUT_OF_RANGE},
    {ErrorCode::kUnknownCommand, StatusCode::UNIMPLEMENTED},
    {ErrorCode::kWrongType, StatusCode::FAILED_PRECONDITION},
    {ErrorCode::kNotFound, StatusCode::NOT_FOUND},
    {ErrorCode::kConflict, StatusCode::FAILED_PRECONDITION},
    {ErrorCode::kNoAuth, StatusCode::UNAUTHENTICATED},
    {ErrorCode::kNoPermission, StatusCode::PERMISSION_DENIED},
    {ErrorCode::kProtocol, StatusCode::INVALID_ARGUMENT},
    {ErrorCode::kLimit, StatusCode::RESOURCE_EXHAUSTED},
    {ErrorCode::kUnavailable, StatusCode::UNAVAILABLE},
    {ErrorCode::kAborted, StatusCode::ABORTED},
    {ErrorCode::kNotInThisDoor, StatusCode::FAILED_PRECONDITION},
};

TEST(StatusTest, MapsEveryErrorCode) {
  ASSERT_EQ(kTable.size(), static_cast<size_t>(ErrorCode::kNotInThisDoor) + 1);
  for (size_t i = 0; i < kTable.size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(kTable[i].first), i);
    EXPECT_EQ(StatusCodeOf(kTable[i].first), kTable[i].second) << "ErrorCode " << i;
  }
}

TEST(StatusTest, CarriesTheLineOfTheError) {
  const ::grpc::Status status = ToStatus(WrongType());
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(status.error_message(),
            "WRONGTYPE Operation against a key holding the wrong kind of value");
}

TEST(StatusTest, NamesTheFieldFirst) {
  const ::grpc::Status status = InvalidField("ttl", "must be greater than 0");
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "ttl: must be greater than 0");
}

}  // namespace
}  // namespace duet::rpc
