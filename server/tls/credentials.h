// The certificate, key and authorities of the TLS doors, and the sessions that are made with them.
//
// Thread class: thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "server/base/tls_options.h"
#include "server/tls/session.h"

typedef struct ssl_ctx_st SSL_CTX;

namespace duet::tls {

class Credentials {
 public:
  // Reads and checks the files. The error is one line that names the setting, the file and what is
  // wrong with it.
  static absl::StatusOr<std::unique_ptr<Credentials>> LoadBlocking(const TlsOptions& options);
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  // Looks at the files again. True: something else stood in them, which counts for the sessions to
  // come. An error leaves what there was in force.
  absl::StatusOr<bool> ReloadBlocking();

  // A session for a connection that was just accepted.
  std::unique_ptr<Session> NewSession() const;

  // What is in force: another pointer after a reload that gave true. Never null.
  std::shared_ptr<const TlsFiles> files() const;

  // When the server's certificate ends, in seconds since 1970.
  int64_t expires_s() const;

 private:
  struct Loaded {
    std::shared_ptr<const TlsFiles> files;
    std::shared_ptr<SSL_CTX> context;
    int64_t expires_s = 0;
  };

  explicit Credentials(const TlsOptions& options) : options_(options) {}
  absl::StatusOr<TlsFiles> ReadFilesBlocking() const;
  absl::StatusOr<Loaded> Load(TlsFiles files) const;

  const TlsOptions options_;
  mutable absl::Mutex mutex_;
  Loaded loaded_ ABSL_GUARDED_BY(mutex_);
  absl::Mutex reload_mutex_;  // one reload at a time
};

}  // namespace duet::tls
