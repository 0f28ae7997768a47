#include "server/commands/client_registry.h"

#include <algorithm>
#include <utility>

#include "server/base/check.h"
#include "server/commands/session.h"

namespace duet::commands {

ClientRegistry::Entry::Entry(ClientRegistry& registry, Session& session)
    : registry_(registry), session_(session) {
  DUET_DCHECK(session.mailbox != nullptr, "others could not reach it");
  absl::MutexLock lock(&registry_.mutex_);
  registry_.sessions_.emplace(session.id, &session);
}

ClientRegistry::Entry::~Entry() {
  absl::MutexLock lock(&registry_.mutex_);
  registry_.sessions_.erase(session_.id);
}

void ClientRegistry::ForEach(absl::FunctionRef<void(Session&)> visit) const {
  absl::MutexLock lock(&mutex_);
  for (const auto& [id, session] : sessions_) visit(*session);
}

ClientPause ClientRegistry::pause() const {
  absl::MutexLock lock(&mutex_);
  return pause_;
}

void ClientRegistry::Pause(ClientPause pause, int64_t now_ms) {
  absl::MutexLock lock(&mutex_);
  if (now_ms < pause_.until_ms) {
    pause.until_ms = std::max(pause.until_ms, pause_.until_ms);
    pause.only_writes = pause.only_writes && pause_.only_writes;
  }
  pause_ = pause;
}

void ClientRegistry::Unpause() {
  absl::MutexLock lock(&mutex_);
  pause_ = ClientPause{};
  for (const auto& [id, session] : sessions_) {
    if (session->waits) session->mailbox->Wake();
  }
}

bool ClientRegistry::Visit(uint64_t id, absl::FunctionRef<void(Session&)> visit) const {
  absl::MutexLock lock(&mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return false;
  visit(*found->second);
  return true;
}

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
