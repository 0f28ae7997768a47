#include "server/config_endpoint.h"

#include <gtest/gtest.h>
#include <optional>
#include <string>

namespace duet {
namespace {

// The malformed ones are in config_test.cc.
TEST(EndpointTest, BecomesATargetOfGrpc) {
  EXPECT_EQ(GrpcTargetOf(""), "");
  EXPECT_EQ(GrpcTargetOf("collector:4317"), "dns:///collector:4317");
  EXPECT_EQ(GrpcTargetOf("http://otel.obs.svc:4317"), "dns:///otel.obs.svc:4317");
  EXPECT_EQ(GrpcTargetOf("http://127.0.0.1:4317/"), "dns:///127.0.0.1:4317");
  EXPECT_EQ(GrpcTargetOf("[::1]:65535"), "dns:///[::1]:65535");
  EXPECT_EQ(GrpcTargetOf("unix:/run/otel.sock"), "unix:/run/otel.sock");
  EXPECT_EQ(GrpcTargetOf("unix:///run/otel.sock"), "unix:/run/otel.sock");
}

TEST(EndpointTest, HasLimits) {
  EXPECT_TRUE(GrpcTargetOf("unix:/" + std::string(106, 'a')));
  EXPECT_FALSE(GrpcTargetOf("unix:/" + std::string(107, 'a')));
  EXPECT_TRUE(GrpcTargetOf(std::string(253, 'a') + ":1"));
  EXPECT_FALSE(GrpcTargetOf(std::string(254, 'a') + ":1"));
}

}  // namespace
}  // namespace duet
