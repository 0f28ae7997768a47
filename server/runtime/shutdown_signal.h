// SIGTERM and SIGINT as something to wait for. The signals are blocked and read from a signalfd, so
// no handler runs and no system call is interrupted.
//
// Make it before any other thread starts: threads inherit the blocked signals.
//
// Thread class: Trigger() is thread-safe; one waiter at a time.
#pragma once

#include <signal.h>

#include "server/runtime/cancel.h"
#include "server/runtime/task.h"
#include "server/runtime/unique_fd.h"
#include "server/runtime/worker.h"

namespace duet::runtime {

class ShutdownSignal {
 public:
  ShutdownSignal();
  // Gives the constructing thread its signal mask back. REQUIRES: nobody waits.
  ~ShutdownSignal();
  ShutdownSignal(const ShutdownSignal&) = delete;
  ShutdownSignal& operator=(const ShutdownSignal&) = delete;

  // Waits for a signal or Trigger(): the signal's number (SIGTERM for a trigger), 0 if the token
  // was cancelled first. On `worker`, or from a thread that is not the runtime's.
  Task<int> Wait(Worker& worker, CancelToken token = {});
  int WaitBlocking();

  // As if SIGTERM had come (the SHUTDOWN command, tests).
  void Trigger();

 private:
  // The signal that is there, or 0.
  int Take();

  sigset_t old_mask_;
  UniqueFd signal_fd_;
  UniqueFd trigger_fd_;
  UniqueFd both_fd_;  // an epoll of the two: readable when either is
};

}  // namespace duet::runtime
