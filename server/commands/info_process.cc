// INFO about the process: fields as Redis names them, for clients and exporters that look for them.
// What Duet has not got (modules, a cluster) is said to be none; what it does not count is left
// out.
#include <algorithm>
#include <cstdint>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include "server/commands/context.h"
#include "server/commands/info_sections.h"
#include "server/commands/info_text.h"
#include "server/commands/version.h"
#include "server/metrics/process.h"

namespace duet::commands {

void InfoServer(CommandContext& ctx, InfoText& out) {
  const ServerContext& server = ctx.server;
  const int64_t uptime_s = (ctx.now_ms - server.start_ms) / 1000;
  out.Section("Server");
  out.Field("redis_version", kRedisVersion);
  out.Field("redis_git_sha1", "00000000");  // as of a release
  out.Field("redis_git_dirty", 0);
  out.Field("redis_build_id", "duet-" + std::string(kDuetVersion));
  out.Field("server_name", "duet");
  out.Field("duet_version", kDuetVersion);
  out.Field("redis_mode", "standalone");
  out.Field("os", metrics::OperatingSystem());
  out.Field("arch_bits", static_cast<int>(sizeof(void*) * 8));
  out.Field("monotonic_clock", "POSIX clock_gettime");
  out.Field("multiplexing_api", "epoll");
  out.Field("atomicvar_api", "c11-builtin");
#if defined(__clang__)
  out.Field("clang_version", __clang_version__);
#else
  out.Field("gcc_version", __VERSION__);
#endif
  out.Field("process_id", static_cast<int64_t>(getpid()));
  out.Field("process_supervised", "no");
  out.Field("run_id", server.run_id);
  // As in Redis that of TLS where there is no other, 0 where there is neither.
  const int resp_port = server.resp_port > 0 ? server.resp_port : server.resp_tls_port;
  out.Field("tcp_port", std::max(resp_port, 0));
  out.Field("grpc_port", server.grpc_port.get());
  out.Field("admin_port", server.admin_port.get());
  out.Field("server_time_usec", server.clock->WallUs());
  out.Field("uptime_in_seconds", uptime_s);
  out.Field("uptime_in_days", uptime_s / (24 * 3600));
  out.Field("hz", kBackgroundHz);
  out.Field("configured_hz", kBackgroundHz);
  out.Field("executable", server.executable);
  out.Field("config_file", server.config_file);
  out.Field("io_threads_active", server.workers > 1 ? 1 : 0);
  out.Field("worker_threads", server.workers);
}

void InfoCpu(CommandContext&, InfoText& out) {
  const auto seconds = [](const timeval& time) {
    return Fixed(static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6, 6);
  };
  rusage self{};
  rusage children{};
  getrusage(RUSAGE_SELF, &self);
  getrusage(RUSAGE_CHILDREN, &children);
  out.Section("CPU");
  out.Field("used_cpu_sys", seconds(self.ru_stime));
  out.Field("used_cpu_user", seconds(self.ru_utime));
  out.Field("used_cpu_sys_children", seconds(children.ru_stime));
  out.Field("used_cpu_user_children", seconds(children.ru_utime));
}

void InfoModules(CommandContext&, InfoText& out) { out.Section("Modules"); }

void InfoCluster(CommandContext&, InfoText& out) {
  out.Section("Cluster");
  out.Field("cluster_enabled", 0);
}

}  // namespace duet::commands
