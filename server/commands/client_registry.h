// What the server knows of all its clients at once, whichever door they came through.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"

namespace duet::commands {

class Session;

// CLIENT PAUSE: commands wait until then.
struct ClientPause {
  int64_t until_ms = 0;  // wall clock
  bool only_writes = false;

  bool holds(bool write, int64_t now_ms) const {
    return now_ms < until_ms && (write || !only_writes);
  }
};

class ClientRegistry {
 public:
  // A client's lasting place among `max_clients`. Destroying it gives the place back.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept : registry_(other.registry_) { other.registry_ = nullptr; }
    Place& operator=(Place&& other) noexcept;
    ~Place() { Release(); }
    explicit operator bool() const { return registry_ != nullptr; }

   private:
    friend class ClientRegistry;
    explicit Place(ClientRegistry* registry) : registry_(registry) {}
    void Release();
    ClientRegistry* registry_ = nullptr;
  };

  // A session that others can find, for as long as this lives. What they may use of it: session.h.
  class Entry {
   public:
    // REQUIRES: what is const in the session from now on is set; it has a mailbox.
    Entry(ClientRegistry& registry, Session& session);
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    ClientRegistry& registry_;
    Session& session_;
  };

  explicit ClientRegistry(uint32_t max_clients) : max_clients_(max_clients) {}

  // An id for a session: unique in the process, growing from 1.
  uint64_t NextId() { return next_id_.fetch_add(1, std::memory_order_relaxed); }
  // A place for one more connected client; an empty one if there are max_clients already.
  [[nodiscard]] Place Connect();

  // The sessions entered, by id. They stay entered while `visit` runs, which must not enter or
  // leave one.
  void ForEach(absl::FunctionRef<void(Session&)> visit) const ABSL_LOCKS_EXCLUDED(mutex_);
  // The one with this id. False: there is none.
  bool Visit(uint64_t id, absl::FunctionRef<void(Session&)> visit) const
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The pause that was set last, which may be over.
  ClientPause pause() const ABSL_LOCKS_EXCLUDED(mutex_);
  // Of a pause that is not over yet the later end and the stricter kind stay.
  void Pause(ClientPause pause, int64_t now_ms) ABSL_LOCKS_EXCLUDED(mutex_);
  // Wakes the sessions that wait for it.
  void Unpause() ABSL_LOCKS_EXCLUDED(mutex_);

  uint32_t connected() const { return connected_.load(std::memory_order_relaxed); }
  uint32_t max_clients() const { return max_clients_.load(std::memory_order_relaxed); }
  // CONFIG SET maxclients. Those connected above a lower limit stay.
  void set_max_clients(uint32_t max) { max_clients_.store(max, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> next_id_{1};
  std::atomic<uint32_t> connected_{0};
  std::atomic<uint32_t> max_clients_;
  mutable absl::Mutex mutex_;
  std::map<uint64_t, Session*> sessions_ ABSL_GUARDED_BY(mutex_);
  ClientPause pause_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace duet::commands
