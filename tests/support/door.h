// A way into a server, as a test sees it: words in, reply bytes out. The same cases
// (tests/commands/cases) run through every door that implements this.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace duet::testing {

// Where a case's time starts, for doors that can set the clock: 2023-11-14T22:13:20Z.
inline constexpr int64_t kStartMs = 1'700'000'000'000;

// Thread-compatible.
class TestDoor {
 public:
  virtual ~TestDoor() = default;

  // Executes one command and returns its reply as RESP2 bytes. A door of another protocol
  // translates its reply (nil: "$-1\r\n").
  virtual std::string Send(const std::vector<std::string>& argv) = 0;
  // Turns the server's clock, or sleeps where the server's clock is the machine's.
  virtual void AdvanceMs(int64_t ms) = 0;
  // An empty store, a fresh session and, where the clock can be set, kStartMs. Called before each
  // case.
  virtual void Reset() = 0;
  // True where a session lasts from one Send to the next; cases marked "! connection" need it.
  virtual bool keeps_session() const = 0;
  // True for Debian's redis-server 7.0; cases marked "! beyond-redis-7.0" are skipped.
  virtual bool is_redis() const { return false; }
};

// Builds a door; one a test.
using DoorFactory = std::function<std::unique_ptr<TestDoor>()>;

}  // namespace duet::testing
