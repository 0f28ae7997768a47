#include "server/tls/file_watch.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace duet::tls {

FileWatch::FileWatch(Credentials& credentials, int64_t interval_ms, Logger& log)
    : credentials_(credentials), log_(log), thread_([this, interval_ms] { Run(interval_ms); }) {}

FileWatch::~FileWatch() {
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  thread_.join();
}

void FileWatch::Run(int64_t interval_ms) {
  std::string complaint;  // the last one; it is said once
  for (;;) {
    {
      const absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopped_), absl::Milliseconds(interval_ms))) {
        return;
      }
    }
    const absl::StatusOr<bool> reloaded = credentials_.ReloadBlocking();
    const std::string wrong(reloaded.status().message());
    if (!reloaded.ok() && wrong != complaint) {
      log_.Error(LogTarget::kServer, "new TLS files cannot be used; the old ones stay in force",
                 {{"reason", wrong}});
    }
    complaint = wrong;
    if (reloaded.ok() && *reloaded) {
      log_.Info(LogTarget::kServer, "TLS files were replaced, and count for new connections",
                {{"expires_s", credentials_.expires_s()}});
    }
  }
}

}  // namespace duet::tls
