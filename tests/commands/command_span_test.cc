// The spans of RESP commands (command_span.h), and what the log says of a traced command.
#include "server/commands/command_span.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "server/tracing/tracer.h"
#include "tests/support/command_fixture.h"

namespace duet::commands {
namespace {

class CommandSpanTest : public testing::CommandFixture {
 protected:
  CommandSpanTest() {
    tracer().Open(100);
    tracer().set_ratio(1);
    engine().server.trace.set_samples(true);
  }

  tracing::Tracer& tracer() { return engine().server.tracer; }
  std::vector<tracing::Span> Spans() {
    return tracer().queue().TakeBlocking(100, absl::ZeroDuration());
  }
  // The names of the spans since the last call; those that failed have a '!'.
  std::string Names() {
    std::string names;
    for (const tracing::Span& span : Spans()) {
      if (!names.empty()) names += ", ";
      names += span.name;
      if (span.failed) names += '!';
    }
    return names;
  }
  static std::string Text(const tracing::Span& span, std::string_view key) {
    for (const tracing::Attribute& attribute : span.attributes) {
      if (attribute.key != key) continue;
      if (const auto* text = std::get_if<std::string_view>(&attribute.value)) {
        return std::string(*text);
      }
      if (const auto* text = std::get_if<std::string>(&attribute.value)) return *text;
    }
    return "none";
  }
};

TEST_F(CommandSpanTest, EachCommandHasOne) {
  Run({"set", "k", "v"});
  Run({"client", "getname"});
  Run({"GET", "k"});
  EXPECT_EQ(Names(), "SET, CLIENT GETNAME, GET");
}

TEST_F(CommandSpanTest, EndsWhenTheCommandDoes) {
  AdvanceTime(1234);
  Run({"ping"});
  const std::vector<tracing::Span> spans = Spans();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].end_ns, 1'700'000'001'234'000'000);
  EXPECT_LE(spans[0].start_ns, spans[0].end_ns);
}

TEST_F(CommandSpanTest, SaysWhatFailed) {
  Run({"set", "k", "v"});
  Run({"incr", "k"});
  Run({"get"});
  Run({"nonsense", "k"});
  const std::vector<tracing::Span> spans = Spans();
  ASSERT_EQ(spans.size(), 4u);
  EXPECT_EQ(Text(spans[0], "error.type"), "none");
  for (size_t i = 1; i < spans.size(); ++i) {
    EXPECT_TRUE(spans[i].failed);
    EXPECT_EQ(Text(spans[i], "db.response.status_code"), "ERR");
  }
  EXPECT_EQ(spans[2].name, "GET");
  EXPECT_EQ(spans[3].name, "unknown");
}

TEST_F(CommandSpanTest, ATransactionHasOne) {
  Run({"multi"});
  Run({"set", "k", "v"});
  Run({"incr", "k"});
  EXPECT_EQ(Names(), "MULTI");
  Run({"exec"});
  Run({"get", "k"});
  EXPECT_EQ(Names(), "EXEC, GET");
  Run({"multi"});
  Run({"nonsense"});
  Run({"exec"});
  EXPECT_EQ(Names(), "MULTI, unknown!, EXEC!");
}

TEST_F(CommandSpanTest, ABatchHasOneForEachCommand) {
  engine().RunBatch({{"set", "a", "1"}, {"get", "a"}, {"get"}});
  EXPECT_EQ(Names(), "SET, GET, GET!");
}

TEST_F(CommandSpanTest, NoneWithoutSamples) {
  engine().server.trace.set_samples(false);
  Run({"set", "k", "v"});
  Run({"get"});
  EXPECT_EQ(Names(), "");
}

TEST(CommandSpanOfGrpcTest, IsItsCalls) {
  testing::InProcess engine(Door::kGrpcUnary);
  engine.server.tracer.Open(100);
  engine.server.tracer.set_ratio(1);
  engine.server.trace.set_samples(true);
  engine.Run({"set", "k", "v"});
  engine.Run({"get"});
  EXPECT_TRUE(engine.server.tracer.queue().TakeBlocking(1, absl::ZeroDuration()).empty());
}

}  // namespace
}  // namespace duet::commands
