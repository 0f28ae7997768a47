// The store has one observer; this one passes what it hears on to all who want to know.
//
// Thread-safe, as its listeners have to be.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "server/store/key_observer.h"
#include "server/store/store.h"

namespace duet::commands {

class KeyObservers final : public store::KeyObserver {
 public:
  // `store` outlives it; listeners live as long as the store is used.
  explicit KeyObservers(store::Store& store) : store_(store) {}
  ~KeyObservers() { store_.SetObserver(nullptr); }
  KeyObservers(const KeyObservers&) = delete;
  KeyObservers& operator=(const KeyObservers&) = delete;

  // From now on `listener` hears of keys, or does not any more; a change that is under way may
  // still reach it. Saying so again changes nothing. While nobody listens, the store has no
  // observer. At most kMost listen. Takes no lock of the store.
  void Listen(store::KeyObserver& listener, bool listens) ABSL_LOCKS_EXCLUDED(mutex_);

  void KeyChanged(int database, std::string_view key, store::Origin origin) override;
  void KeyAdded(int database, std::string_view key) override;
  void KeyExpired(int database, std::string_view key) override;
  void KeyEvicted(int database, std::string_view key) override;

 private:
  static constexpr size_t kMost = 4;

  template <typename Call>
  void ForEach(Call call) const {
    for (const auto& listener : listeners_) {
      if (store::KeyObserver* const at = listener.load(std::memory_order_acquire)) call(*at);
    }
  }

  store::Store& store_;
  absl::Mutex mutex_;  // one change at a time
  std::array<std::atomic<store::KeyObserver*>, kMost> listeners_{};
};

}  // namespace duet::commands
