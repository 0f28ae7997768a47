#include "server/commands/client_registry.h"

#include <utility>

namespace duet::commands {

ClientRegistry::Place& ClientRegistry::Place::operator=(Place&& other) noexcept {
  if (this != &other) {
    Release();
    registry_ = std::exchange(other.registry_, nullptr);
  }
  return *this;
}

void ClientRegistry::Place::Release() {
  if (registry_ != nullptr) registry_->connected_.fetch_sub(1, std::memory_order_relaxed);
  registry_ = nullptr;
}

ClientRegistry::Place ClientRegistry::Connect() {
  uint32_t connected = connected_.load(std::memory_order_relaxed);
  do {
    if (connected >= max_clients()) return Place();
  } while (!connected_.compare_exchange_weak(connected, connected + 1, std::memory_order_relaxed));
  return Place(this);
}

}  // namespace duet::commands
