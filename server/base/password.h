// A password that is changed while others check against it.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace duet {

// Thread-safe. Who checks beside a Set gets the answer of before or of after it.
class Password {
 public:
  // No password: none is asked for.
  Password() = default;
  explicit Password(std::string password) { Set(std::move(password)); }
  Password(const Password&) = delete;
  Password& operator=(const Password&) = delete;

  // Empty: from now on none is asked for.
  void Set(std::string password) ABSL_LOCKS_EXCLUDED(mutex_);

  // Must a client give one? One load: it may be asked for each command.
  bool required() const { return required_.load(std::memory_order_acquire); }
  // Does `given` let a client in? Anything does where no password is asked for. Takes a time that
  // depends on the lengths only, so it does not tell how far a guess was right.
  bool Admits(std::string_view given) const ABSL_LOCKS_EXCLUDED(mutex_);
  // What `digest` makes of the password, which itself is not given out.
  std::string Digest(std::string (*digest)(std::string_view)) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  std::atomic<bool> required_{false};  // as !password_.empty(), without the lock
  mutable absl::Mutex mutex_;
  std::string password_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace duet
