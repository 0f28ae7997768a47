#include "server/descriptors.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <sys/resource.h>

#include "absl/strings/str_cat.h"

namespace duet {
namespace {

// Descriptors that are no client's: epolls, listeners, logs, the admin port.
constexpr uint64_t kSpareDescriptors = 512;

}  // namespace

absl::Status AllowDescriptors(const Config& config) {
  uint64_t wanted = kSpareDescriptors;
  std::string for_whom;
  const auto add = [&](const char* flag, uint64_t connections) {
    wanted += connections;
    absl::StrAppend(&for_whom, for_whom.empty() ? "" : " and ", flag, " ", connections);
  };
  if (config.resp_port != kPortOff || config.tls_port != kPortOff || !config.unix_socket.empty()) {
    add("--maxclients", config.limits.max_clients);
  }
  if (config.grpc_port != kPortOff || config.grpc_tls_port != kPortOff) {
    add("--grpc-max-connections", config.limits.grpc_max_connections);
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return absl::OkStatus();
  rlimit raised = limit;
  raised.rlim_cur = wanted;
  raised.rlim_max = std::max<rlim_t>(limit.rlim_max, wanted);
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("needs ", wanted, " open files for ", for_whom,
                                                   "; this process may have ", limit.rlim_max,
                                                   " (ulimit -n)"));
}

}  // namespace duet
