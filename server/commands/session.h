// What the server knows of one client, whichever door it came through: a RESP connection, a gRPC
// stream, or one unary call.
//
// Thread class: worker-bound: used by the worker that runs its connection or call, and handed over
// as a whole when the connection moves. What other clients may read of it goes through
// ClientRegistry (client_registry.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace duet::metrics {
class WorkerCounters;
}

namespace duet::commands {

enum class Door : uint8_t { kResp, kGrpcStream, kGrpcUnary };

class Session {
 public:
  Session(Door through, uint64_t session_id, metrics::WorkerCounters* worker_counters)
      : door(through), id(session_id), counters(worker_counters) {}

  const Door door;
  const uint64_t id;                  // unique in the process, from 1; CLIENT ID
  metrics::WorkerCounters* counters;  // of the worker that runs this session now; never null

  int database = 0;                // SELECT
  int protocol = 2;                // RESP version that replies are written in; HELLO
  bool authenticated = true;       // false until AUTH where a password is set
  bool close_after_reply = false;  // QUIT, and errors that end the connection
  std::string user = "default";
  std::string name;             // CLIENT SETNAME
  std::string library_name;     // CLIENT SETINFO LIB-NAME
  std::string library_version;  // CLIENT SETINFO LIB-VER

  // For CLIENT INFO; the door fills them.
  std::string peer_address;  // "127.0.0.1:50412", "/run/duet.sock:0"
  std::string local_address;
  int fd = -1;
  int64_t created_ms = 0;
  int64_t last_command_ms = 0;  // set by the dispatcher, once a batch
  uint64_t commands_processed = 0;
  uint64_t bytes_in = 0;  // tot-net-in
  uint64_t bytes_out = 0;
  uint64_t query_buffer_bytes = 0;  // qbuf: unparsed input held for this connection
  std::string_view last_command;    // full name of the row ("client|info"); static storage

  // True for doors whose state lasts from one command to the next (SELECT, HELLO, ...).
  bool is_connection() const { return door != Door::kGrpcUnary; }
  // RESET: everything but the identity goes back to how it was at connect.
  void Reset(bool authenticated_by_default);
};

}  // namespace duet::commands
