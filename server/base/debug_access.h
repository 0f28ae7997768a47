// enable-debug-command: who may call DEBUG, with which a client can stop the server for a while.
#pragma once

#include <cstdint>

namespace duet {

enum class DebugAccess : uint8_t {
  kNo,
  kLocal,  // clients on this machine: loopback addresses and the Unix socket
  kYes,
};

}  // namespace duet
