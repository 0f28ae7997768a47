// Every rule of a request's fields, over the wire: INVALID_ARGUMENT, the field's name first.
#include <cmath>
#include <limits>

#include "tests/grpc/grpc_fixture.h"

namespace duet::testing {
namespace {

constexpr char kNoSuchDatabase[] = "database: must lie between 0 and 15";

class ValidationTest : public GrpcFixture {};

TEST_F(ValidationTest, DatabaseOfEveryRpc) {
  const auto with_database = [](auto request) {
    request.set_database(16);
    return request;
  };
  EXPECT_EQ((Refusal<v1::GetRequest, v1::GetResponse>(&Stub::Get, with_database(v1::GetRequest()))),
            kNoSuchDatabase);
  EXPECT_EQ((Refusal<v1::SetRequest, v1::SetResponse>(&Stub::Set, with_database(v1::SetRequest()))),
            kNoSuchDatabase);
  EXPECT_EQ((Refusal<v1::DeleteRequest, v1::DeleteResponse>(&Stub::Delete,
                                                            with_database(v1::DeleteRequest()))),
            kNoSuchDatabase);
  EXPECT_EQ((Refusal<v1::ExistsRequest, v1::ExistsResponse>(&Stub::Exists,
                                                            with_database(v1::ExistsRequest()))),
            kNoSuchDatabase);
  EXPECT_EQ((Refusal<v1::ExpireRequest, v1::ExpireResponse>(&Stub::Expire,
                                                            with_database(v1::ExpireRequest()))),
            kNoSuchDatabase);
  EXPECT_EQ((Refusal<v1::GetTtlRequest, v1::GetTtlResponse>(&Stub::GetTtl,
                                                            with_database(v1::GetTtlRequest()))),
            kNoSuchDatabase);
  EXPECT_EQ((Refusal<v1::IncrementRequest, v1::IncrementResponse>(
                &Stub::Increment, with_database(v1::IncrementRequest()))),
            kNoSuchDatabase);
  EXPECT_EQ((Refusal<v1::AppendRequest, v1::AppendResponse>(&Stub::Append,
                                                            with_database(v1::AppendRequest()))),
            kNoSuchDatabase);
  EXPECT_EQ((Refusal<v1::BatchGetRequest, v1::BatchGetResponse>(
                &Stub::BatchGet, with_database(v1::BatchGetRequest()))),
            kNoSuchDatabase);
  EXPECT_EQ((Refusal<v1::BatchSetRequest, v1::BatchSetResponse>(
                &Stub::BatchSet, with_database(v1::BatchSetRequest()))),
            kNoSuchDatabase);
  EXPECT_EQ((Refusal<v1::BatchDeleteRequest, v1::BatchDeleteResponse>(
                &Stub::BatchDelete, with_database(v1::BatchDeleteRequest()))),
            kNoSuchDatabase);
  EXPECT_EQ((Refusal<v1::ExecuteRequest, v1::ExecuteResponse>(&Stub::Execute,
                                                              with_database(v1::ExecuteRequest()))),
            kNoSuchDatabase);
}

TEST_F(ValidationTest, EmptyBatches) {
  EXPECT_EQ((Refusal<v1::DeleteRequest, v1::DeleteResponse>(&Stub::Delete, {})),
            "keys: must not be empty");
  EXPECT_EQ((Refusal<v1::ExistsRequest, v1::ExistsResponse>(&Stub::Exists, {})),
            "keys: must not be empty");
  EXPECT_EQ((Refusal<v1::BatchGetRequest, v1::BatchGetResponse>(&Stub::BatchGet, {})),
            "keys: must not be empty");
  EXPECT_EQ((Refusal<v1::BatchSetRequest, v1::BatchSetResponse>(&Stub::BatchSet, {})),
            "entries: must not be empty");
  EXPECT_EQ((Refusal<v1::BatchDeleteRequest, v1::BatchDeleteResponse>(&Stub::BatchDelete, {})),
            "keys: must not be empty");
  EXPECT_EQ((Refusal<v1::ExecuteRequest, v1::ExecuteResponse>(&Stub::Execute, {})),
            "args: must not be empty");
}

TEST_F(ValidationTest, Ttl) {
  const auto refusal = [this](int64_t seconds, int32_t nanos) {
    v1::SetRequest request;
    request.mutable_ttl()->set_seconds(seconds);
    request.mutable_ttl()->set_nanos(nanos);
    return Refusal<v1::SetRequest, v1::SetResponse>(&Stub::Set, request);
  };
  EXPECT_EQ(refusal(0, 0), "ttl: must be greater than 0");
  EXPECT_EQ(refusal(-1, 0), "ttl: must be greater than 0");
  EXPECT_EQ(refusal(0, -1), "ttl: must be greater than 0");
  EXPECT_EQ(refusal(1, 1'000'000'000), "ttl: is not a valid google.protobuf.Duration");
  EXPECT_EQ(refusal(315'576'000'001, 0), "ttl: is not a valid google.protobuf.Duration");
  EXPECT_EQ(refusal(std::numeric_limits<int64_t>::max(), 0),
            "ttl: is not a valid google.protobuf.Duration");

  v1::SetRequest longest;
  longest.mutable_ttl()->set_seconds(315'576'000'000);
  v1::SetResponse response;
  EXPECT_TRUE(Call(&Stub::Set, longest, &response).ok());
}

TEST_F(ValidationTest, ExpireTime) {
  const auto refusal = [this](int64_t seconds, int32_t nanos) {
    v1::SetRequest request;
    request.mutable_expire_time()->set_seconds(seconds);
    request.mutable_expire_time()->set_nanos(nanos);
    return Refusal<v1::SetRequest, v1::SetResponse>(&Stub::Set, request);
  };
  EXPECT_EQ(refusal(0, 0), "expire_time: must lie after 1970-01-01T00:00:00Z");
  EXPECT_EQ(refusal(-5, 0), "expire_time: must lie after 1970-01-01T00:00:00Z");
  EXPECT_EQ(refusal(1, -1), "expire_time: must lie after 1970-01-01T00:00:00Z");
  EXPECT_EQ(refusal(253'402'300'800, 0), "expire_time: is not a valid google.protobuf.Timestamp");
  EXPECT_EQ(refusal(1, 1'000'000'000), "expire_time: is not a valid google.protobuf.Timestamp");
}

TEST_F(ValidationTest, Digests) {
  v1::SetRequest request;
  request.set_if_digest_equals("");
  EXPECT_EQ((Refusal<v1::SetRequest, v1::SetResponse>(&Stub::Set, request)),
            "if_digest_equals: must be 16 hexadecimal digits");
  request.set_if_digest_differs("0123456789abcdeg");
  EXPECT_EQ((Refusal<v1::SetRequest, v1::SetResponse>(&Stub::Set, request)),
            "if_digest_differs: must be 16 hexadecimal digits");
}

TEST_F(ValidationTest, Expire) {
  v1::ExpireRequest request;
  EXPECT_EQ((Refusal<v1::ExpireRequest, v1::ExpireResponse>(&Stub::Expire, request)),
            "expiration: one of expire_time, ttl and persist must be set");
  request.set_persist(false);
  EXPECT_EQ((Refusal<v1::ExpireRequest, v1::ExpireResponse>(&Stub::Expire, request)),
            "persist: must be true where it is set");
  request.set_persist(true);
  request.set_condition(v1::EXPIRE_CONDITION_IF_LATER);
  EXPECT_EQ((Refusal<v1::ExpireRequest, v1::ExpireResponse>(&Stub::Expire, request)),
            "condition: must not go with persist");
  request.mutable_ttl()->set_seconds(1);
  request.set_condition(static_cast<v1::ExpireCondition>(9));
  EXPECT_EQ((Refusal<v1::ExpireRequest, v1::ExpireResponse>(&Stub::Expire, request)),
            "condition: is not a value of ExpireCondition");
  request.clear_condition();
  request.mutable_ttl()->set_seconds(0);
  EXPECT_EQ((Refusal<v1::ExpireRequest, v1::ExpireResponse>(&Stub::Expire, request)),
            "ttl: must be greater than 0");
  request.mutable_expire_time();
  EXPECT_EQ((Refusal<v1::ExpireRequest, v1::ExpireResponse>(&Stub::Expire, request)),
            "expire_time: must lie after 1970-01-01T00:00:00Z");
}

TEST_F(ValidationTest, FloatingDeltas) {
  for (const double delta : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    v1::IncrementRequest request;
    request.set_floating(delta);
    EXPECT_EQ((Refusal<v1::IncrementRequest, v1::IncrementResponse>(&Stub::Increment, request)),
              "floating: must be finite");
  }
}

// Limits small enough to stand on both sides of them.
class LimitsTest : public ::testing::Test {
 protected:
  using Stub = v1::KeyValueService::Stub;

  template <typename Request, typename Response>
  std::string Outcome(::grpc::Status (Stub::*rpc)(::grpc::ClientContext*, const Request&,
                                                  Response*),
                      const Request& request) {
    ::grpc::ClientContext context;
    Response response;
    const ::grpc::Status status = (server_.stub.get()->*rpc)(&context, request, &response);
    return status.ok() ? "OK" : status.error_message();
  }

  GrpcEngine server_{[](rpc::GrpcServerOptions&) {},
                     [](InProcess& engine) {
                       engine.limits.max_key_bytes = 8;
                       engine.limits.max_value_bytes = 16;
                       engine.limits.max_args = 7;
                     }};
};

TEST_F(LimitsTest, Keys) {
  v1::GetRequest request;
  request.set_key("12345678");
  EXPECT_EQ((Outcome<v1::GetRequest, v1::GetResponse>(&Stub::Get, request)), "OK");
  request.set_key("123456789");
  EXPECT_EQ((Outcome<v1::GetRequest, v1::GetResponse>(&Stub::Get, request)),
            "key: 9 bytes; at most 8 are allowed");
  v1::DeleteRequest keys;
  keys.add_keys("a");
  keys.add_keys("123456789");
  EXPECT_EQ((Outcome<v1::DeleteRequest, v1::DeleteResponse>(&Stub::Delete, keys)),
            "keys[1]: 9 bytes; at most 8 are allowed");
}

TEST_F(LimitsTest, Values) {
  v1::SetRequest set;
  set.set_value(std::string(16, 'x'));
  EXPECT_EQ((Outcome<v1::SetRequest, v1::SetResponse>(&Stub::Set, set)), "OK");
  set.set_value(std::string(17, 'x'));
  EXPECT_EQ((Outcome<v1::SetRequest, v1::SetResponse>(&Stub::Set, set)),
            "value: 17 bytes; at most 16 are allowed");
  v1::AppendRequest append;
  append.set_value(std::string(17, 'x'));
  EXPECT_EQ((Outcome<v1::AppendRequest, v1::AppendResponse>(&Stub::Append, append)),
            "value: 17 bytes; at most 16 are allowed");
  v1::BatchSetRequest batch;
  batch.add_entries();
  batch.add_entries()->set_value(std::string(17, 'x'));
  EXPECT_EQ((Outcome<v1::BatchSetRequest, v1::BatchSetResponse>(&Stub::BatchSet, batch)),
            "entries[1].value: 17 bytes; at most 16 are allowed");
  batch.mutable_entries(1)->set_value("");
  batch.mutable_entries(1)->set_key("123456789");
  EXPECT_EQ((Outcome<v1::BatchSetRequest, v1::BatchSetResponse>(&Stub::BatchSet, batch)),
            "entries[1].key: 9 bytes; at most 8 are allowed");
}

TEST_F(LimitsTest, Counts) {
  v1::BatchGetRequest keys;
  for (int i = 0; i < 6; ++i) keys.add_keys("k");
  EXPECT_EQ((Outcome<v1::BatchGetRequest, v1::BatchGetResponse>(&Stub::BatchGet, keys)), "OK");
  keys.add_keys("k");
  EXPECT_EQ((Outcome<v1::BatchGetRequest, v1::BatchGetResponse>(&Stub::BatchGet, keys)),
            "keys: 7 elements; at most 6 are allowed");
  v1::BatchSetRequest entries;
  for (int i = 0; i < 3; ++i) entries.add_entries();
  EXPECT_EQ((Outcome<v1::BatchSetRequest, v1::BatchSetResponse>(&Stub::BatchSet, entries)), "OK");
  entries.add_entries();
  EXPECT_EQ((Outcome<v1::BatchSetRequest, v1::BatchSetResponse>(&Stub::BatchSet, entries)),
            "entries: 4 elements; at most 3 are allowed");
}

}  // namespace
}  // namespace duet::testing
