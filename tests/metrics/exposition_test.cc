#include "server/metrics/exposition.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace duet::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kTicksPerUs = 1000;  // a tick is a nanosecond

Figures MakeFigures() {
  Figures figures;
  figures.version = "0.1.0";
  figures.redis_version = "7.4.0";
  figures.os = "Linux 6.1.0 x86_64";
  figures.compiler = "g++ \"12\"";
  figures.ticks_per_us = kTicksPerUs;
  figures.max_clients = 10'000;
  figures.grpc_max_connections = 5000;
  figures.databases = {{5, 2, 1.5}, {0, 0, 0}};
  figures.expired_keys = 3;
  figures.memory = {.used = 1000,
                    .maximum = 4000,
                    .policy = "allkeys-lfu",
                    .peak = 1500,
                    .startup = 300,
                    .dataset = 600,
                    .overhead = 400,
                    .clients = 50,
                    .allocator_allocated = 1000,
                    .allocator_active = 1600,
                    .allocator_resident = 2400};
  figures.process.resident_bytes = 2000;
  figures.process.cpu_user_seconds = 1.25;
  figures.workers = {WorkerFigures{}, WorkerFigures{}};
  figures.workers[0].busy_seconds = 0.5;
  figures.workers[1].kind = "grpc";
  figures.command_names = {"get", "client|setname", "set"};
  figures.rpc_methods = {{"unary", "duet.v1.KeyValueService", "Get"},
                         {"bidi_stream", "duet.v1.KeyValueService", "Pipeline"}};
  figures.error_names = {"ERR", "ERR", "WRONGTYPE"};
  return figures;
}

// Two workers that did a little of everything.
void Fill(Registry& registry) {
  for (int i = 0; i < 3; ++i) registry.worker(0).RecordCommand(0, 1500, i == 0);
  registry.worker(1).RecordCommand(0, 3'000'000, false);
  registry.worker(1).commands[1].rejected.Add(2);
  registry.worker(0).unknown_commands.Add(7);
  registry.worker(0).connections_accepted.Add(5);
  registry.worker(1).connections_closed.Add(2);
  registry.worker(0).resp_bytes_in.Add(100);
  registry.worker(1).grpc_bytes_in.Add(11);
  registry.worker(0).errors[0].Add(1);
  registry.worker(1).errors[1].Add(2);
  registry.worker(1).errors[2].Add(4);
  RpcCounters& rpc = registry.worker(1).rpcs[0];
  rpc.started.Add(2);
  rpc.received.Add(2);
  rpc.sent.Add(1);
  rpc.handled[0].Add(1);
  rpc.handled[3].Add(1);
  rpc.ticks.Add(200'000);
  rpc.latency[WorkerCounters::LatencyBucket(100'000)].Add(2);
}

class ExpositionTest : public ::testing::Test {
 protected:
  std::string Text() { return Exposition(registry_, figures_); }

  Registry registry_{2};
  Figures figures_ = MakeFigures();
};

TEST_F(ExpositionTest, SaysWhatBecameOfSpans) {
  figures_.spans = {.exported = 3, .failed = 2, .dropped = 1};
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("duet_trace_spans_total{state=\"exported\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("duet_trace_spans_total{state=\"failed\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("duet_trace_spans_total{state=\"dropped\"} 1\n"));
}

TEST_F(ExpositionTest, SumsCommandsOverWorkers) {
  Fill(registry_);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("redis_commands_total{cmd=\"get\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("redis_commands_failed_calls_total{cmd=\"get\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("redis_commands_processed_total 4\n"));
  EXPECT_THAT(text, HasSubstr("redis_commands_duration_seconds_total{cmd=\"get\"} 0.0030045"));
  EXPECT_THAT(text, HasSubstr("redis_commands_rejected_calls_total{cmd=\"client|setname\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("redis_commands_rejected_calls_total{cmd=\"unknown\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("duet_command_duration_seconds_count{cmd=\"get\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("duet_command_duration_seconds_bucket{cmd=\"get\",le=\"+Inf\"} 4\n"));
}

TEST_F(ExpositionTest, LeavesOutWhatWasNeverCalled) {
  Fill(registry_);
  const std::string text = Text();
  EXPECT_THAT(text, Not(HasSubstr("cmd=\"set\"")));
  EXPECT_THAT(text, Not(HasSubstr("duet_command_duration_seconds_count{cmd=\"client|setname\"}")));
  EXPECT_THAT(text, Not(HasSubstr("grpc_code=\"DataLoss\"")));
}

TEST_F(ExpositionTest, CountsConnectionsAndBytesOfBothDoors) {
  Fill(registry_);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("redis_connected_clients 3\n"));
  EXPECT_THAT(text, HasSubstr("redis_connections_received_total 5\n"));
  EXPECT_THAT(text, HasSubstr("redis_net_input_bytes_total 111\n"));
  EXPECT_THAT(text, HasSubstr("duet_net_input_bytes_total{door=\"grpc\"} 11\n"));
}

TEST_F(ExpositionTest, CountsCommandsByDoor) {
  registry_.worker(0).resp_commands.Add(4);
  registry_.worker(1).resp_commands.Add(1);
  registry_.worker(1).grpc_commands.Add(3);
  EXPECT_THAT(Text(), HasSubstr("duet_commands_total{door=\"resp\"} 5\n"));
  EXPECT_THAT(Text(), HasSubstr("duet_commands_total{door=\"grpc\"} 3\n"));
}

TEST_F(ExpositionTest, SaysWhereTheMemoryIs) {
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("maxmemory_policy=\"allkeys-lfu\""));
  EXPECT_THAT(text, HasSubstr("redis_memory_used_bytes 1000\n"));
  EXPECT_THAT(text, HasSubstr("redis_memory_max_bytes 4000\n"));
  EXPECT_THAT(text, HasSubstr("redis_config_maxmemory 4000\n"));
  EXPECT_THAT(text, HasSubstr("redis_memory_used_peak_bytes 1500\n"));
  EXPECT_THAT(text, HasSubstr("redis_memory_used_dataset_bytes 600\n"));
  EXPECT_THAT(text, HasSubstr("redis_memory_used_overhead_bytes 400\n"));
  EXPECT_THAT(text, HasSubstr("redis_mem_fragmentation_ratio 2\n"));
  EXPECT_THAT(text, HasSubstr("redis_allocator_frag_ratio 1.6\n"));
  EXPECT_THAT(text, HasSubstr("redis_allocator_rss_bytes 800\n"));
}

TEST_F(ExpositionTest, LeavesOutWhatTheAllocatorDoesNotSay) {
  figures_.memory.allocator_active = 0;
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("redis_allocator_allocated_bytes 1000\n"));
  EXPECT_THAT(text, Not(HasSubstr("redis_allocator_active_bytes")));
  EXPECT_THAT(text, Not(HasSubstr("redis_allocator_rss_ratio")));
}

TEST_F(ExpositionTest, ConnectedClientsAreNeverNegative) {
  registry_.worker(0).connections_closed.Add(2);
  EXPECT_THAT(Text(), HasSubstr("redis_connected_clients 0\n"));
}

TEST_F(ExpositionTest, SumsErrorsOfOneName) {
  Fill(registry_);
  EXPECT_THAT(Text(), HasSubstr("redis_errors_total{err=\"ERR\"} 3\n"));
  EXPECT_THAT(Text(), HasSubstr("redis_errors_total{err=\"WRONGTYPE\"} 4\n"));
}

TEST_F(ExpositionTest, ShowsTheStoreByDatabase) {
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("redis_db_keys{db=\"db0\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("redis_db_keys_expiring{db=\"db0\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("redis_db_keys{db=\"db1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("redis_expired_keys_total 3\n"));
  EXPECT_THAT(text, HasSubstr("redis_mem_fragmentation_ratio 2\n"));
}

TEST_F(ExpositionTest, LabelsRpcsAsGoGrpcPrometheusDoes) {
  Fill(registry_);
  const std::string text = Text();
  const std::string get =
      "{grpc_type=\"unary\",grpc_service=\"duet.v1.KeyValueService\",grpc_method=\"Get\"";
  EXPECT_THAT(text, HasSubstr("grpc_server_started_total" + get + "} 2\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handled_total" + get + ",grpc_code=\"OK\"} 1\n"));
  EXPECT_THAT(text,
              HasSubstr("grpc_server_handled_total" + get + ",grpc_code=\"InvalidArgument\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handling_seconds_count" + get + "} 2\n"));
  // A method that was never called is there with zeros.
  EXPECT_THAT(text, HasSubstr("grpc_method=\"Pipeline\"} 0\n"));
}

TEST_F(ExpositionTest, EscapesLabelValues) {
  EXPECT_THAT(Text(), HasSubstr("compiler=\"g++ \\\"12\\\"\""));
}

TEST_F(ExpositionTest, ShowsWorkersByKind) {
  EXPECT_THAT(Text(), HasSubstr("duet_worker_busy_seconds_total{worker=\"0\",kind=\"io\"} 0.5\n"));
  EXPECT_THAT(Text(), HasSubstr("duet_worker_active{worker=\"1\",kind=\"grpc\"} 1\n"));
}

// Names that dashboards and alerts use (FIELD.md, section 4). Taking one away breaks somebody.
TEST_F(ExpositionTest, HasTheNamesOfTheField) {
  Fill(registry_);
  const std::string text = Text();
  for (const char* name : {"redis_up",
                           "redis_uptime_in_seconds",
                           "redis_connected_clients",
                           "redis_blocked_clients",
                           "redis_memory_used_bytes",
                           "redis_memory_used_rss_bytes",
                           "redis_memory_max_bytes",
                           "redis_commands_total",
                           "redis_commands_duration_seconds_total",
                           "redis_commands_failed_calls_total",
                           "redis_commands_rejected_calls_total",
                           "redis_commands_processed_total",
                           "redis_connections_received_total",
                           "redis_rejected_connections_total",
                           "redis_keyspace_hits_total",
                           "redis_keyspace_misses_total",
                           "redis_db_keys",
                           "redis_db_keys_expiring",
                           "redis_expired_keys_total",
                           "redis_evicted_keys_total",
                           "redis_net_input_bytes_total",
                           "redis_net_output_bytes_total",
                           "redis_memory_fragmentation_ratio",
                           "redis_mem_fragmentation_ratio",
                           "redis_connected_slaves",
                           "redis_total_system_memory_bytes",
                           "redis_instance_info",
                           "redis_config_maxclients",
                           "redis_cpu_sys_seconds_total",
                           "redis_cpu_user_seconds_total",
                           "redis_start_time_seconds",
                           "redis_errors_total",
                           "duet_command_duration_seconds",
                           "grpc_server_started_total",
                           "grpc_server_handled_total",
                           "grpc_server_msg_received_total",
                           "grpc_server_msg_sent_total",
                           "grpc_server_handling_seconds",
                           "duet_config_grpc_max_connections",
                           "duet_grpc_rejected_connections_total",
                           "duet_build_info"}) {
    EXPECT_THAT(text, HasSubstr(std::string("# TYPE ") + name + " ")) << name;
  }
}

TEST(OpenMetrics, NamesCountersWithoutTotalAndMarksTheEnd) {
  EXPECT_EQ(ToOpenMetrics("# HELP a_total How often.\n# TYPE a_total counter\na_total{x=\"y\"} 1\n"
                          "# HELP b The _total of it.\n# TYPE b gauge\nb 2\n"),
            "# HELP a How often.\n# TYPE a counter\na_total{x=\"y\"} 1\n"
            "# HELP b The _total of it.\n# TYPE b gauge\nb 2\n# EOF\n");
  EXPECT_EQ(ToOpenMetrics(""), "# EOF\n");
}

TEST_F(ExpositionTest, PromtoolAcceptsEveryName) {
  if (std::system("command -v promtool > /dev/null") != 0) GTEST_SKIP() << "no promtool";
  Fill(registry_);
  const std::string path = ::testing::TempDir() + "duet_exposition.prom";
  std::ofstream(path) << Text();
  const std::string complaints = path + ".out";
  const int code =
      std::system(("promtool check metrics < " + path + " > " + complaints + " 2>&1").c_str());
  std::stringstream output;
  output << std::ifstream(complaints).rdbuf();
  EXPECT_EQ(code, 0) << output.str();
  EXPECT_EQ(output.str(), "");
}

TEST(ProcessFigures, ReadsThisProcess) {
  const ProcessFigures figures = ReadProcessFigures();
  EXPECT_GT(figures.resident_bytes, 1u << 20);
  EXPECT_GE(figures.virtual_bytes, figures.resident_bytes);
  EXPECT_GE(figures.threads, 1u);
  EXPECT_GE(figures.open_fds, 3u);
  EXPECT_GE(figures.max_fds, figures.open_fds);
  EXPECT_GT(figures.start_time_seconds, 1.6e9);
  EXPECT_GT(figures.system_memory_bytes, figures.resident_bytes);
  EXPECT_THAT(OperatingSystem(), HasSubstr("Linux "));
}

}  // namespace
}  // namespace duet::metrics
