// What the server knows of all its clients at once, whichever door they came through.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace duet::commands {

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

  explicit ClientRegistry(uint32_t max_clients) : max_clients_(max_clients) {}

  // An id for a session: unique in the process, growing from 1.
  uint64_t NextId() { return next_id_.fetch_add(1, std::memory_order_relaxed); }
  // A place for one more connected client; an empty one if there are max_clients already.
  [[nodiscard]] Place Connect();

  uint32_t connected() const { return connected_.load(std::memory_order_relaxed); }
  uint32_t max_clients() const { return max_clients_.load(std::memory_order_relaxed); }
  // CONFIG SET maxclients. Those connected above a lower limit stay.
  void set_max_clients(uint32_t max) { max_clients_.store(max, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> next_id_{1};
  std::atomic<uint32_t> connected_{0};
  std::atomic<uint32_t> max_clients_;
};

}  // namespace duet::commands
