// A client's place among those that monitor: the session holds it (MONITOR), and gives it up with
// RESET and when it ends.
#pragma once

#include <cstdint>
#include <utility>

namespace duet::commands {

class CommandTrace;

// Thread-compatible: belongs to its session.
class MonitorPlace {
 public:
  MonitorPlace(MonitorPlace&& other) noexcept
      : trace_(std::exchange(other.trace_, nullptr)), id_(other.id_) {}
  MonitorPlace& operator=(MonitorPlace&&) = delete;
  ~MonitorPlace();

 private:
  friend class CommandTrace;
  MonitorPlace(CommandTrace* trace, uint64_t id) : trace_(trace), id_(id) {}

  CommandTrace* trace_;  // null: moved away
  uint64_t id_;
};

}  // namespace duet::commands
