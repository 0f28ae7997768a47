// Every limit that input can run into, in one place. Defaults are the documented ones; flags set
// them (server/config.h). Plain data, read-only once the server runs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace duet {

struct Limits {
  uint32_t max_clients = 10'000;            // RESP connections at once
  uint64_t max_bulk_bytes = 512ull << 20;   // one argument (proto-max-bulk-len)
  uint64_t max_request_bytes = 1ull << 30;  // one command (client-query-buffer-limit)
  uint32_t max_args = 1024 * 1024;          // arguments of one command, its name included
  uint32_t max_inline_bytes = 64 * 1024;    // a line: inline command or a frame's header
  uint64_t max_output_bytes = 1ull << 30;   // replies queued for one connection
  uint64_t max_key_bytes = 512ull << 20;
  uint64_t max_value_bytes = 512ull << 20;
  // Before AUTH, where a password is required (CVE-2021-32675, CVE-2025-21605).
  uint32_t max_args_unauthenticated = 10;
  uint32_t max_bulk_bytes_unauthenticated = 16 * 1024;
  uint32_t max_output_bytes_unauthenticated = 1024;
  uint32_t grpc_max_message_bytes = 64u << 20;  // one gRPC message, either way
  uint32_t grpc_max_metadata_bytes = 8 * 1024;
  uint32_t grpc_max_concurrent_streams = 1024;  // calls at once on one HTTP/2 connection
};

}  // namespace duet
