// What gRPC's core has to say goes through our logger: in its format, at its pace (a client whose
// handshakes fail could fill a log otherwise), and not to standard error behind its back.
//
// The core has one log for the process, so that of several CoreLogs the last one made counts.
// Thread class: made and destroyed by the thread that owns the server. The core logs on any thread.
#pragma once

#include "server/base/log.h"

namespace duet::rpc {

class CoreLog {
 public:
  // `log` outlives the object.
  explicit CoreLog(Logger& log);
  // The core falls silent, unless another CoreLog has taken over.
  ~CoreLog();
  CoreLog(const CoreLog&) = delete;
  CoreLog& operator=(const CoreLog&) = delete;

 private:
  Logger& log_;
};

}  // namespace duet::rpc
