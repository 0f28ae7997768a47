// The thread that looks at the files of TLS credentials every so often, so that a renewed
// certificate needs no restart. Files are read on a thread of their own: a disk that hangs must not
// hold up a worker.
//
// Thread class: belongs to the thread that makes it.
#pragma once

#include <cstdint>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "server/base/log.h"
#include "server/tls/credentials.h"

namespace duet::tls {

class FileWatch {
 public:
  // Starts looking every `interval_ms`. Both outlive the watch.
  FileWatch(Credentials& credentials, int64_t interval_ms, Logger& log);
  // Waits for the look that is under way.
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

 private:
  void Run(int64_t interval_ms);

  Credentials& credentials_;
  Logger& log_;
  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace duet::tls
