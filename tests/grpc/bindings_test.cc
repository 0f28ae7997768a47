// What each typed RPC does, over the wire.
#include <limits>

#include "duet/v1/key_value_service.pb.h"
#include "tests/grpc/grpc_fixture.h"

namespace duet::testing {
namespace {

class BindingsTest : public GrpcFixture {
 protected:
  v1::SetRequest SetOf(const std::string& key, const std::string& value) {
    v1::SetRequest request;
    request.set_key(key);
    request.set_value(value);
    return request;
  }
  v1::SetResponse Set(const v1::SetRequest& request) {
    v1::SetResponse response;
    const ::grpc::Status status = Call(&Stub::Set, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::GetResponse Get(const std::string& key, bool digest = false) {
    v1::GetRequest request;
    request.set_key(key);
    request.set_return_digest(digest);
    v1::GetResponse response;
    const ::grpc::Status status = Call(&Stub::Get, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
};

TEST_F(BindingsTest, GetTellsAMissFromAnEmptyValue) {
  EXPECT_FALSE(Get("k").found());
  Run({"SET", "k", ""});
  EXPECT_TRUE(Get("k").found());
  EXPECT_EQ(Get("k").value(), "");
  EXPECT_EQ(Get("k").digest(), "");
}

TEST_F(BindingsTest, KeysAndValuesAreBytes) {
  const std::string key("\0\xFF\r\n", 4);
  EXPECT_TRUE(Set(SetOf(key, std::string("a\0b", 3))).applied());
  EXPECT_EQ(Get(key).value(), std::string("a\0b", 3));
  EXPECT_TRUE(Set(SetOf("", "empty key")).applied());
  EXPECT_EQ(Get("").value(), "empty key");
}

TEST_F(BindingsTest, GetOfAnIntegerGivesItsDigits) {
  Run({"SET", "k", "-42"});
  EXPECT_EQ(Get("k").value(), "-42");
}

TEST_F(BindingsTest, DatabasesAreApart) {
  v1::SetRequest set = SetOf("k", "in three");
  set.set_database(3);
  EXPECT_TRUE(Set(set).applied());
  EXPECT_FALSE(Get("k").found());
  v1::GetRequest get;
  get.set_key("k");
  get.set_database(3);
  v1::GetResponse response;
  EXPECT_TRUE(Call(&Stub::Get, get, &response).ok());
  EXPECT_EQ(response.value(), "in three");
}

TEST_F(BindingsTest, SetWithATtlRoundsUp) {
  v1::SetRequest request = SetOf("k", "v");
  request.mutable_ttl()->set_nanos(1'500'001);
  EXPECT_TRUE(Set(request).applied());
  EXPECT_EQ(Run({"PTTL", "k"}), ":2");
  AdvanceTime(2);
  EXPECT_FALSE(Get("k").found());
}

TEST_F(BindingsTest, SetWithAnExpireTime) {
  v1::SetRequest request = SetOf("k", "v");
  request.mutable_expire_time()->set_seconds(kStartMs / 1000 + 10);
  EXPECT_TRUE(Set(request).applied());
  EXPECT_EQ(Run({"PTTL", "k"}), ":10000");
  request.mutable_expire_time()->set_seconds(1);
  EXPECT_TRUE(Set(request).applied());
  EXPECT_FALSE(Get("k").found());
}

TEST_F(BindingsTest, SetKeepsOrDropsAnExpiry) {
  Run({"SET", "k", "v", "PX", "1000"});
  v1::SetRequest request = SetOf("k", "w");
  request.set_keep_ttl(true);
  Set(request);
  EXPECT_EQ(Run({"PTTL", "k"}), ":1000");
  request.set_keep_ttl(false);
  Set(request);
  EXPECT_EQ(Run({"PTTL", "k"}), ":-1");
}

TEST_F(BindingsTest, SetIfAbsentAndIfPresent) {
  v1::SetRequest absent = SetOf("k", "v");
  absent.set_if_absent(true);
  v1::SetRequest present = SetOf("k", "w");
  present.set_if_present(true);
  EXPECT_FALSE(Set(present).applied());
  EXPECT_TRUE(Set(absent).applied());
  EXPECT_FALSE(Set(absent).applied());
  EXPECT_TRUE(Set(present).applied());
  EXPECT_EQ(Get("k").value(), "w");
}

TEST_F(BindingsTest, SetIfValueEqualsOrDiffers) {
  v1::SetRequest equals = SetOf("k", "new");
  equals.set_if_value_equals("old");
  EXPECT_FALSE(Set(equals).applied());
  Run({"SET", "k", "old"});
  v1::SetRequest differs = SetOf("k", "other");
  differs.set_if_value_differs("old");
  EXPECT_FALSE(Set(differs).applied());
  EXPECT_TRUE(Set(equals).applied());
  EXPECT_TRUE(Set(differs).applied());
  EXPECT_EQ(Get("k").value(), "other");
}

TEST_F(BindingsTest, DigestsAreEtags) {
  Run({"SET", "k", "old"});
  const std::string digest = Get("k", true).digest();
  EXPECT_EQ("\"" + digest + "\"", Run({"DIGEST", "k"}));
  v1::SetRequest differs = SetOf("k", "new");
  differs.set_if_digest_differs(digest);
  EXPECT_FALSE(Set(differs).applied());
  v1::SetRequest equals = SetOf("k", "new");
  equals.set_if_digest_equals(digest);
  EXPECT_TRUE(Set(equals).applied());
  EXPECT_FALSE(Set(equals).applied());
  EXPECT_TRUE(Set(differs).applied());
}

TEST_F(BindingsTest, SetReturnsThePreviousValue) {
  v1::SetRequest request = SetOf("k", "1");
  request.set_return_previous(true);
  EXPECT_FALSE(Set(request).previous_found());
  request.set_value("2");
  v1::SetResponse response = Set(request);
  EXPECT_TRUE(response.applied());
  EXPECT_TRUE(response.previous_found());
  EXPECT_EQ(response.previous(), "1");

  request.set_if_absent(true);
  response = Set(request);
  EXPECT_FALSE(response.applied());
  EXPECT_EQ(response.previous(), "2");
}

TEST_F(BindingsTest, SetReturnsThePreviousValueUnderEveryCondition) {
  const std::string digest = [&] {
    Run({"SET", "k", "old"});
    return Get("k", true).digest();
  }();
  struct Row {
    std::function<void(v1::SetRequest&)> condition;
    bool applied_if_old, applied_if_other, applied_if_missing;
  };
  const Row rows[] = {
      {[](auto& r) { r.set_if_absent(true); }, false, false, true},
      {[](auto& r) { r.set_if_present(true); }, true, true, false},
      {[](auto& r) { r.set_if_value_equals("old"); }, true, false, false},
      {[](auto& r) { r.set_if_value_differs("old"); }, false, true, true},
      {[&](auto& r) { r.set_if_digest_equals(digest); }, true, false, false},
      {[&](auto& r) { r.set_if_digest_differs(digest); }, false, true, true},
  };
  for (const Row& row : rows) {
    v1::SetRequest request = SetOf("k", "new");
    request.set_return_previous(true);
    row.condition(request);
    SCOPED_TRACE(request.ShortDebugString());
    Run({"SET", "k", "old"});
    EXPECT_EQ(Set(request).applied(), row.applied_if_old);
    EXPECT_EQ(Get("k").value(), row.applied_if_old ? "new" : "old");
    Run({"SET", "k", "other"});
    EXPECT_EQ(Set(request).applied(), row.applied_if_other);
    EXPECT_EQ(Get("k").value(), row.applied_if_other ? "new" : "other");
    Run({"DEL", "k"});
    EXPECT_EQ(Set(request).applied(), row.applied_if_missing);
    EXPECT_EQ(Get("k").found(), row.applied_if_missing);
  }
}

TEST_F(BindingsTest, ExpireAndGetTtl) {
  v1::GetTtlRequest get;
  get.set_key("k");
  v1::GetTtlResponse ttl;
  EXPECT_TRUE(Call(&Stub::GetTtl, get, &ttl).ok());
  EXPECT_FALSE(ttl.found());

  Run({"SET", "k", "v"});
  EXPECT_TRUE(Call(&Stub::GetTtl, get, &ttl).ok());
  EXPECT_TRUE(ttl.found());
  EXPECT_FALSE(ttl.has_ttl());

  v1::ExpireRequest request;
  request.set_key("k");
  request.mutable_ttl()->set_seconds(1);
  request.mutable_ttl()->set_nanos(500'000'000);
  v1::ExpireResponse response;
  EXPECT_TRUE(Call(&Stub::Expire, request, &response).ok());
  EXPECT_TRUE(response.applied());
  EXPECT_TRUE(Call(&Stub::GetTtl, get, &ttl).ok());
  EXPECT_EQ(ttl.ttl().seconds(), 1);
  EXPECT_EQ(ttl.ttl().nanos(), 500'000'000);

  request.set_condition(v1::EXPIRE_CONDITION_IF_NO_EXPIRY);
  EXPECT_TRUE(Call(&Stub::Expire, request, &response).ok());
  EXPECT_FALSE(response.applied());
  request.mutable_ttl()->set_seconds(5);
  request.set_condition(v1::EXPIRE_CONDITION_IF_SOONER);
  EXPECT_TRUE(Call(&Stub::Expire, request, &response).ok());
  EXPECT_FALSE(response.applied());
  request.set_condition(v1::EXPIRE_CONDITION_IF_LATER);
  EXPECT_TRUE(Call(&Stub::Expire, request, &response).ok());
  EXPECT_TRUE(response.applied());
  request.set_condition(v1::EXPIRE_CONDITION_IF_EXPIRY);
  request.mutable_expire_time()->set_seconds(kStartMs / 1000 + 7);
  EXPECT_TRUE(Call(&Stub::Expire, request, &response).ok());
  EXPECT_EQ(Run({"PTTL", "k"}), ":7000");

  request.clear_condition();
  request.set_persist(true);
  EXPECT_TRUE(Call(&Stub::Expire, request, &response).ok());
  EXPECT_TRUE(response.applied());
  EXPECT_EQ(Run({"PTTL", "k"}), ":-1");
  EXPECT_TRUE(Call(&Stub::Expire, request, &response).ok());
  EXPECT_FALSE(response.applied());
}

TEST_F(BindingsTest, IncrementByWholeNumbers) {
  v1::IncrementRequest request;
  request.set_key("n");
  v1::IncrementResponse response;
  EXPECT_TRUE(Call(&Stub::Increment, request, &response).ok());
  EXPECT_EQ(response.integer(), 1);
  request.set_integer(-5);
  EXPECT_TRUE(Call(&Stub::Increment, request, &response).ok());
  EXPECT_EQ(response.integer(), -4);
  request.set_integer(0);
  EXPECT_TRUE(Call(&Stub::Increment, request, &response).ok());
  EXPECT_EQ(response.integer(), -4);

  Run({"SET", "n", "text"});
  EXPECT_EQ(Call(&Stub::Increment, request, &response).error_code(),
            ::grpc::StatusCode::OUT_OF_RANGE);
  Run({"SET", "n", "9223372036854775807"});
  request.set_integer(1);
  const ::grpc::Status overflow = Call(&Stub::Increment, request, &response);
  EXPECT_EQ(overflow.error_code(), ::grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(overflow.error_message(), "ERR increment or decrement would overflow");
}

TEST_F(BindingsTest, IncrementByFloatingNumbers) {
  v1::IncrementRequest request;
  request.set_key("n");
  request.set_floating(2.5);
  v1::IncrementResponse response;
  EXPECT_TRUE(Call(&Stub::Increment, request, &response).ok());
  EXPECT_EQ(response.floating(), 2.5);
  request.set_floating(-1e-3);
  EXPECT_TRUE(Call(&Stub::Increment, request, &response).ok());
  EXPECT_DOUBLE_EQ(response.floating(), 2.499);
}

// The numbers at keys are those of Redis, which counts in long double.
TEST_F(BindingsTest, IncrementBeyondTheRangeOfADoubleGivesInfinity) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double sign : {1.0, -1.0}) {
    v1::IncrementRequest request;
    request.set_key(sign > 0 ? "up" : "down");
    request.set_floating(sign * 1e308);
    v1::IncrementResponse response;
    EXPECT_TRUE(Call(&Stub::Increment, request, &response).ok());
    EXPECT_EQ(response.floating(), sign * 1e308);
    EXPECT_TRUE(Call(&Stub::Increment, request, &response).ok());
    EXPECT_EQ(response.floating(), sign * kInfinity);
    request.set_floating(sign * -1e308);
    EXPECT_TRUE(Call(&Stub::Increment, request, &response).ok());
    EXPECT_EQ(response.floating(), sign * 1e308);  // nothing was lost
  }
  Run({"SET", "n", "2e4000"});
  v1::IncrementRequest request;
  request.set_key("n");
  request.set_floating(1);
  v1::IncrementResponse response;
  EXPECT_TRUE(Call(&Stub::Increment, request, &response).ok());
  EXPECT_EQ(response.floating(), kInfinity);
  EXPECT_EQ(Get("n").value().size(), 4001u);
}

TEST_F(BindingsTest, AppendGivesTheLength) {
  v1::AppendRequest request;
  request.set_key("k");
  v1::AppendResponse response;
  EXPECT_TRUE(Call(&Stub::Append, request, &response).ok());
  EXPECT_EQ(response.length(), 0u);
  request.set_value("abc");
  EXPECT_TRUE(Call(&Stub::Append, request, &response).ok());
  EXPECT_EQ(response.length(), 3u);
}

TEST_F(BindingsTest, DeleteAndExistsCount) {
  Run({"MSET", "a", "1", "b", "2"});
  v1::ExistsRequest exists;
  for (const char* key : {"a", "a", "b", "c"}) exists.add_keys(key);
  v1::ExistsResponse existing;
  EXPECT_TRUE(Call(&Stub::Exists, exists, &existing).ok());
  EXPECT_EQ(existing.existing(), 3u);
  v1::DeleteRequest request;
  for (const char* key : {"a", "a", "b", "c"}) request.add_keys(key);
  v1::DeleteResponse response;
  EXPECT_TRUE(Call(&Stub::Delete, request, &response).ok());
  EXPECT_EQ(response.deleted(), 2u);
}

TEST_F(BindingsTest, BatchSetAndGet) {
  v1::BatchSetRequest set;
  for (const char* key : {"a", "b"}) {
    v1::BatchSetEntry& entry = *set.add_entries();
    entry.set_key(key);
    entry.set_value(std::string("value of ") + key);
  }
  v1::BatchSetResponse applied;
  EXPECT_TRUE(Call(&Stub::BatchSet, set, &applied).ok());
  EXPECT_TRUE(applied.applied());

  v1::BatchGetRequest get;
  for (const char* key : {"b", "missing", "a"}) get.add_keys(key);
  v1::BatchGetResponse values;
  EXPECT_TRUE(Call(&Stub::BatchGet, get, &values).ok());
  ASSERT_EQ(values.results_size(), 3);
  EXPECT_EQ(values.results(0).value(), "value of b");
  EXPECT_FALSE(values.results(1).found());
  EXPECT_EQ(values.results(2).value(), "value of a");
}

TEST_F(BindingsTest, BatchSetOnlyIfAllAbsent) {
  Run({"SET", "b", "taken"});
  v1::BatchSetRequest request;
  request.add_entries()->set_key("a");
  request.add_entries()->set_key("b");
  request.set_only_if_all_absent(true);
  v1::BatchSetResponse response;
  EXPECT_TRUE(Call(&Stub::BatchSet, request, &response).ok());
  EXPECT_FALSE(response.applied());
  EXPECT_FALSE(Get("a").found());
  Run({"DEL", "b"});
  EXPECT_TRUE(Call(&Stub::BatchSet, request, &response).ok());
  EXPECT_TRUE(response.applied());
}

TEST_F(BindingsTest, BatchDeleteTellsEachKey) {
  Run({"MSET", "a", "1", "c", "3"});
  v1::BatchDeleteRequest request;
  for (const char* key : {"a", "b", "c", "a"}) request.add_keys(key);
  v1::BatchDeleteResponse response;
  EXPECT_TRUE(Call(&Stub::BatchDelete, request, &response).ok());
  EXPECT_EQ(response.ShortDebugString(),
            "deleted: true deleted: false deleted: true deleted: false");
}

TEST_F(BindingsTest, ExecuteReachesCommandsAndMapsErrors) {
  v1::ExecuteRequest request;
  request.add_args("echo");
  request.add_args("hi");
  v1::ExecuteResponse response;
  EXPECT_TRUE(Call(&Stub::Execute, request, &response).ok());
  EXPECT_EQ(response.value().bulk(), "hi");

  request.set_args(0, "nonsense");
  ::grpc::Status status = Call(&Stub::Execute, request, &response);
  EXPECT_EQ(status.error_code(), ::grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(status.error_message(),
            "ERR unknown command 'nonsense', with args beginning with: 'hi' ");

  request.set_args(0, "get");
  request.add_args("too many");
  status = Call(&Stub::Execute, request, &response);
  EXPECT_EQ(status.error_code(), ::grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "ERR wrong number of arguments for 'get' command");
}

TEST_F(BindingsTest, ExecuteRefusesCommandsOfAConnection) {
  v1::ExecuteRequest request;
  request.add_args("SELECT");
  request.add_args("1");
  v1::ExecuteResponse response;
  EXPECT_EQ(Call(&Stub::Execute, request, &response).error_code(),
            ::grpc::StatusCode::FAILED_PRECONDITION);
}

}  // namespace
}  // namespace duet::testing
