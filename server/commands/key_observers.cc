#include "server/commands/key_observers.h"

#include <algorithm>

#include "server/base/check.h"

namespace duet::commands {

void KeyObservers::Listen(store::KeyObserver& listener, bool listens) {
  absl::MutexLock lock(&mutex_);
  const auto place_of = [this](const store::KeyObserver* wanted) {
    return std::ranges::find_if(listeners_, [wanted](const auto& at) { return at == wanted; });
  };
  const auto place = place_of(&listener);
  if ((place != listeners_.end()) == listens) return;
  if (listens) {
    const auto free = place_of(nullptr);
    DUET_CHECK(free != listeners_.end(), "more listeners than places");
    free->store(&listener, std::memory_order_release);
  } else {
    place->store(nullptr, std::memory_order_release);
  }
  const bool any = std::ranges::any_of(listeners_, [](const auto& at) { return at != nullptr; });
  store_.SetObserver(any ? this : nullptr);
}

void KeyObservers::KeyChanged(int database, std::string_view key, store::Origin origin) {
  ForEach([&](store::KeyObserver& at) { at.KeyChanged(database, key, origin); });
}

void KeyObservers::KeyAdded(int database, std::string_view key) {
  ForEach([&](store::KeyObserver& at) { at.KeyAdded(database, key); });
}

void KeyObservers::KeyExpired(int database, std::string_view key) {
  ForEach([&](store::KeyObserver& at) { at.KeyExpired(database, key); });
}

void KeyObservers::KeyEvicted(int database, std::string_view key) {
  ForEach([&](store::KeyObserver& at) { at.KeyEvicted(database, key); });
}

}  // namespace duet::commands
