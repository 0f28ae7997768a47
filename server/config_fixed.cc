// When a feature comes, its parameters move from here to config_table.cc.
#include "server/config_fixed.h"

#include <algorithm>

namespace duet {
namespace {

constexpr FixedParameter::Kind kImmutable = FixedParameter::Kind::kImmutable;
constexpr FixedParameter::Kind kProtected = FixedParameter::Kind::kProtected;
constexpr FixedParameter::Kind kHidden = FixedParameter::Kind::kHidden;

constexpr FixedParameter kParameters[] = {
    // The process: started in the foreground, logs to standard error, speaks no TLS.
    {"always-show-logo", "no", kImmutable},
    {"bind-source-addr", ""},
    {"daemonize", "no", kImmutable},
    {"dir", "", kProtected},
    {"enable-module-command", "no", kImmutable},
    {"enable-protected-configs", "no", kImmutable},
    {"logfile", "", kImmutable},
    {"pidfile", "", kImmutable},
    {"protected-mode", "no"},
    {"set-proc-title", "no", kImmutable},
    {"socket-mark-id", "0", kImmutable},
    {"supervised", "no", kImmutable},
    {"syslog-enabled", "no", kImmutable},
    {"tls-cluster", "no"},
    {"tls-replication", "no"},
    // One user, "default", and no file of users.
    {"acl-pubsub-default", "resetchannels"},
    {"aclfile", "", kImmutable},
    // Nothing is stored on disk.
    {"appenddirname", "", kImmutable},
    {"appendfilename", "", kImmutable},
    {"appendfsync", "no"},
    {"appendonly", "no"},
    {"auto-aof-rewrite-percentage", "0"},
    {"dbfilename", "", kProtected},
    {"key-load-delay", "0", kHidden},
    {"rdb-key-save-delay", "0", kHidden},
    {"save", ""},
    {"stop-writes-on-bgsave-error", "no"},
    // Nobody replicates from it, and it replicates from nobody.
    {"masterauth", ""},
    {"masteruser", ""},
    {"min-replicas-max-lag", "0"},
    {"min-replicas-to-write", "0"},
    {"min-slaves-max-lag", "0"},
    {"min-slaves-to-write", "0"},
    {"repl-backlog-size", "0"},
    {"replica-announce-ip", ""},
    {"replica-announce-port", "0"},
    {"replica-announced", "no"},
    {"replica-priority", "0"},
    {"replica-read-only", "yes"},
    {"replica-serve-stale-data", "no"},
    {"replicaof", "", kImmutable},
    {"slave-announce-ip", ""},
    {"slave-announce-port", "0"},
    {"slave-priority", "0"},
    {"slave-read-only", "yes"},
    {"slave-serve-stale-data", "no"},
    {"slaveof", "", kImmutable},
    // No cluster.
    {"cluster-announce-ip", ""},
    {"cluster-enabled", "no", kImmutable},
    // No scripts, so that no command ever answers BUSY.
    {"busy-reply-threshold", "0"},
    {"lua-time-limit", "0"},
    // Databases, memory and work in the background.
    {"activedefrag", "no"},
    {"activerehashing", "no"},
    {"databases", "16", kImmutable},
    {"disable-thp", "no", kImmutable},
    {"dynamic-hz", "no"},
    {"hz", "10"},
    {"maxmemory-clients", "0"},
    {"watchdog-period", "0", kHidden},
};

}  // namespace

std::span<const FixedParameter> FixedParameters() { return kParameters; }

const FixedParameter* FindFixedParameter(std::string_view name) {
  const auto fixed = std::ranges::find(kParameters, name, &FixedParameter::name);
  return fixed == std::end(kParameters) ? nullptr : &*fixed;
}

}  // namespace duet
