// Every limit that input can run into, in one place. Defaults are the documented ones; flags set
// them (server/config.h). Plain data, read-only once the server runs (but for OutputLimit, whose
// running values are in commands/output_limits.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace duet {

// What may wait for a client that does not read: it is closed when that is more than `hard_bytes`,
// or more than `soft_bytes` for longer than `soft_ms`. 0: no such limit.
struct OutputLimit {
  uint64_t hard_bytes = 0;
  uint64_t soft_bytes = 0;
  int64_t soft_ms = 0;
  bool operator==(const OutputLimit&) const = default;
};

inline constexpr OutputLimit kNormalOutput = {
    .hard_bytes = 1ull << 30, .soft_bytes = 0, .soft_ms = 0};
inline constexpr OutputLimit kPubsubOutput = {
    .hard_bytes = 32ull << 20, .soft_bytes = 8ull << 20, .soft_ms = 60'000};

struct Limits {
  uint32_t max_clients = 10'000;            // RESP connections at once
  uint64_t max_bulk_bytes = 512ull << 20;   // one argument (proto-max-bulk-len)
  uint64_t max_request_bytes = 1ull << 30;  // one command (client-query-buffer-limit)
  uint32_t max_args = 1024 * 1024;          // arguments of one command, its name included
  uint32_t max_inline_bytes = 64 * 1024;    // a line: inline command or a frame's header
  uint64_t max_key_bytes = 512ull << 20;
  uint64_t max_value_bytes = 512ull << 20;
  uint32_t max_subscriptions = 1'000'000;  // channels and patterns that one client listens to
  uint64_t max_subscription_bytes = 64ull << 20;  // of their names together
  // Before AUTH, where a password is required (CVE-2021-32675, CVE-2025-21605).
  uint32_t max_args_unauthenticated = 10;
  uint32_t max_bulk_bytes_unauthenticated = 16 * 1024;
  uint32_t max_output_bytes_unauthenticated = 1024;
  uint32_t grpc_max_connections = 5'000;
  uint32_t grpc_max_pipeline_streams = 1'024;   // of Pipeline, all connections' sum
  uint32_t grpc_max_message_bytes = 64u << 20;  // one gRPC message, either way
  uint32_t grpc_max_metadata_bytes = 8 * 1024;
  uint64_t grpc_max_memory_bytes = 1ull << 30;  // of gRPC for what comes in, all connections' sum
  uint32_t grpc_max_concurrent_streams = 1024;  // calls at once on one HTTP/2 connection
};

}  // namespace duet
