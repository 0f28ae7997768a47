#include "server/grpc/given_sockets.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <vector>

#include "server/runtime/unique_fd.h"

namespace duet::testing {
namespace {

using runtime::UniqueFd;

UniqueFd NewSocket() { return UniqueFd(socket(AF_UNIX, SOCK_STREAM, 0)); }

class GivenSocketsTest : public ::testing::Test {
 protected:
  static constexpr size_t kMax = 3;

  // As many as may be open.
  GivenSocketsTest() {
    for (size_t i = 0; i < kMax; ++i) {
      open_.push_back(NewSocket());
      EXPECT_TRUE(given_.Add(open_.back().get(), now_ms_));
    }
  }
  bool AddAnother() {
    UniqueFd socket = NewSocket();
    const bool added = given_.Add(socket.get(), now_ms_);
    if (added) open_.push_back(std::move(socket));
    return added;
  }

  int64_t now_ms_ = 1'000;
  rpc::GivenSockets given_{kMax};
  std::vector<UniqueFd> open_;
};

TEST_F(GivenSocketsTest, RefusesOneMoreThanMayBe) {
  EXPECT_FALSE(AddAnother());
  now_ms_ += rpc::GivenSockets::kLookEveryMs;
  EXPECT_FALSE(AddAnother());
}

TEST_F(GivenSocketsTest, AClosedOneMakesRoom) {
  open_.erase(open_.begin());
  EXPECT_TRUE(AddAnother());
  EXPECT_FALSE(AddAnother());
}

TEST_F(GivenSocketsTest, LooksNowAndThenOnly) {
  EXPECT_FALSE(AddAnother());
  open_.pop_back();
  EXPECT_FALSE(AddAnother());
  now_ms_ += rpc::GivenSockets::kLookEveryMs;
  EXPECT_TRUE(AddAnother());
}

TEST_F(GivenSocketsTest, AClockThatIsSetBackDoesNotKeepItFromLooking) {
  EXPECT_FALSE(AddAnother());
  open_.pop_back();
  now_ms_ -= 500;
  EXPECT_TRUE(AddAnother());
}

TEST_F(GivenSocketsTest, ADescriptorThatIsUsedAgainIsAnotherSocket) {
  const int number = open_.back().get();
  open_.pop_back();
  UniqueFd again = NewSocket();
  ASSERT_EQ(again.get(), number) << "the kernel gives the lowest free number";
  EXPECT_TRUE(AddAnother());
}

TEST_F(GivenSocketsTest, DoesNotCountWhatIsNoDescriptor) {
  rpc::GivenSockets given(1);
  EXPECT_FALSE(given.Add(-1, now_ms_));
  EXPECT_TRUE(given.Add(open_.front().get(), now_ms_));
}

}  // namespace
}  // namespace duet::testing
