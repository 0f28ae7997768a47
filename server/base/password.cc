#include "server/base/password.h"

#include <cstddef>

namespace duet {
namespace {

// Runs over all of `given`, wherever the first difference is.
bool EqualsInConstantTime(std::string_view secret, std::string_view given) {
  unsigned difference = secret.size() == given.size() ? 0 : 1;
  for (size_t i = 0; i < given.size(); ++i) {
    difference |= static_cast<unsigned char>(secret[i % secret.size()] ^ given[i]);
  }
  return difference == 0;
}

}  // namespace

void Password::Set(std::string password) {
  absl::MutexLock lock(&mutex_);
  password_ = std::move(password);
  required_.store(!password_.empty(), std::memory_order_release);
}

bool Password::Admits(std::string_view given) const {
  absl::ReaderMutexLock lock(&mutex_);
  return password_.empty() || EqualsInConstantTime(password_, given);
}

std::string Password::Digest(std::string (*digest)(std::string_view)) const {
  absl::ReaderMutexLock lock(&mutex_);
  return digest(password_);
}

}  // namespace duet
