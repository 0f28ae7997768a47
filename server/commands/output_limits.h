// client-output-buffer-limit of the running server: what may wait for a client, by its class.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

#include "server/base/limits.h"

namespace duet::commands {

struct ServerContext;

// Redis' third class, replicas, has no members here.
enum class ClientClass : uint8_t {
  kNormal,
  kPubsub,  // listens to a channel or pattern
};

class OutputLimits {
 public:
  OutputLimit Get(ClientClass of) const {
    const Atomic& limit = limits_[static_cast<int>(of)];
    return {.hard_bytes = limit.hard_bytes.load(std::memory_order_relaxed),
            .soft_bytes = limit.soft_bytes.load(std::memory_order_relaxed),
            .soft_ms = limit.soft_ms.load(std::memory_order_relaxed)};
  }
  void Set(ClientClass of, const OutputLimit& limit) {
    Atomic& target = limits_[static_cast<int>(of)];
    target.hard_bytes.store(limit.hard_bytes, std::memory_order_relaxed);
    target.soft_bytes.store(limit.soft_bytes, std::memory_order_relaxed);
    target.soft_ms.store(limit.soft_ms, std::memory_order_relaxed);
  }

 private:
  // A reader may see one number of a change and not yet another: each is a limit that was asked
  // for.
  struct Atomic {
    std::atomic<uint64_t> hard_bytes;
    std::atomic<uint64_t> soft_bytes;
    std::atomic<int64_t> soft_ms;
  };
  Atomic limits_[2] = {{kNormalOutput.hard_bytes, kNormalOutput.soft_bytes, kNormalOutput.soft_ms},
                       {kPubsubOutput.hard_bytes, kPubsubOutput.soft_bytes, kPubsubOutput.soft_ms}};
};

// Closes the clients that are above their soft limit for too long. Called about once a second,
// since to such a client nothing may be sent that would find it out.
void EnforceOutputLimits(ServerContext& server);

}  // namespace duet::commands
